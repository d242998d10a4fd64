using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>One value of a Parquet column as text, by its physical type and its annotations.</summary>
/// <remarks>
/// Integers as digits, times in microseconds (nanoseconds where the column has them), dates in days, decimals with their scale, floats as <c>f</c> and
/// the bits of the double, bytes and text as <c>"hex"</c>.
/// </remarks>
internal static partial class LeafText
{
    public static string Of(SchemaNode node, object value)
    {
        if (node.LogicalType?.Kind == LogicalTypeKind.Decimal || node.ConvertedType == ConvertedType.Decimal)
        {
            return Decimal(Unscaled(value), node.LogicalType?.Scale ?? node.Scale ?? 0);
        }

        return node.PhysicalType switch
        {
            PhysicalType.Float => Number(BitConverter.Int32BitsToSingle((int)value)),
            PhysicalType.Double => Number(BitConverter.Int64BitsToDouble((long)value)),
            PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.Boolean => Integer(node, value),
            _ => OfBytes(node, (byte[])value),
        };
    }

    /// <summary>The same for a number in digits.</summary>
    public static string Number(double value) => $"f{(double.IsNaN(value) ? "nan" : BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture))}";

    /// <summary>A line of DuckDB's, whose numbers stand as the digits between <c>f&lt;</c> and <c>&gt;</c>.</summary>
    public static string OfDuckDb(string line) => NumberOfDuckDb().Replace(line, match => Number(match.Groups[1].Value switch
    {
        "nan" or "-nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        var digits => double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture),
    }));

    /// <summary>A map of these entries, which are sorted: readers give them in different orders.</summary>
    public static string OfMap(IEnumerable<string> entries) => '[' + string.Join(',', entries.Order(StringComparer.Ordinal)) + ']';

    private static string Integer(SchemaNode node, object value)
    {
        BigInteger number = value is int small ? small : (long)value;
        if (number < 0 && IsUnsigned(node))
        {
            number += BigInteger.One << (node.PhysicalType == PhysicalType.Int32 ? 32 : 64);
        }

        bool isMilliseconds = node.LogicalType is { Kind: LogicalTypeKind.Time or LogicalTypeKind.Timestamp, Unit: TimeUnit.Millis }
            || node.ConvertedType is ConvertedType.TimeMillis or ConvertedType.TimestampMillis;
        return (isMilliseconds ? number * 1000 : number).ToString(CultureInfo.InvariantCulture);
    }

    private static bool IsUnsigned(SchemaNode node) =>
        node.LogicalType is { Kind: LogicalTypeKind.Integer, IsSigned: false }
        || node.ConvertedType is ConvertedType.UInt8 or ConvertedType.UInt16 or ConvertedType.UInt32 or ConvertedType.UInt64;

    private static string OfBytes(SchemaNode node, byte[] bytes)
    {
        if (node.LogicalType?.Kind == LogicalTypeKind.Float16)
        {
            return Number((double)BitConverter.ToHalf(bytes));
        }

        if (node.ConvertedType == ConvertedType.Interval)
        {
            return $"{BitConverter.ToInt32(bytes)}m{BitConverter.ToInt32(bytes, 4)}d{BitConverter.ToInt32(bytes, 8)}ms";
        }

        return $"\"{Convert.ToHexStringLower(bytes)}\"";
    }

    private static BigInteger Unscaled(object value) => value switch
    {
        int small => small,
        long large => large,
        _ => new BigInteger((byte[])value, isBigEndian: true),
    };

    private static string Decimal(BigInteger unscaled, int scale)
    {
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return (unscaled.Sign < 0 ? "-" : "") + digits[..^scale] + (scale > 0 ? "." + digits[^scale..] : "");
    }

    [GeneratedRegex("f<([^>]*)>")]
    private static partial Regex NumberOfDuckDb();
}
