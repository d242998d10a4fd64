using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The plain model of the order of rows, by the values themselves: no key bytes.</summary>
internal static class RowOrder
{
    public static int Compare(Row left, Row right)
    {
        for (int i = 0; i < left.Schema.KeyFieldCount; i++)
        {
            int comparison = Compare(left[i], right[i], KeyOrder.Bytes);
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return 0;
    }

    public static int Compare(FieldValue left, FieldValue right, KeyOrder order) => left.Kind switch
    {
        FieldValueKind.Int => left.AsInt().CompareTo(right.AsInt()),
        FieldValueKind.Long => left.AsLong().CompareTo(right.AsLong()),
        FieldValueKind.String => order == KeyOrder.Java
            ? Math.Sign(string.CompareOrdinal(left.AsString(), right.AsString()))
            : CompareUnsigned(Encoding.UTF8.GetBytes(left.AsString()), Encoding.UTF8.GetBytes(right.AsString())),
        _ => order == KeyOrder.Java
            ? CompareSigned(left.AsBytes().ToArray(), right.AsBytes().ToArray())
            : CompareUnsigned(left.AsBytes().ToArray(), right.AsBytes().ToArray()),
    };

    /// <summary>Rows in file order: by leaf if one is given, then by key, equal keys in the order given.</summary>
    public static List<Row> Sort(IEnumerable<Row> rows) => [.. rows.Order(Comparer<Row>.Create(Compare))];

    private static int CompareUnsigned(byte[] left, byte[] right)
    {
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (left[i] != right[i])
            {
                return left[i] < right[i] ? -1 : 1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int CompareSigned(byte[] left, byte[] right)
    {
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (left[i] != right[i])
            {
                return (sbyte)left[i] < (sbyte)right[i] ? -1 : 1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}
