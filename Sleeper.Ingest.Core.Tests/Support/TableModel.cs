using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>What a read of a table must give, worked out the plain way: all rows of each reference that are in its region, sorted by their values.</summary>
internal static class TableModel
{
    public static List<Row> Read(TableState state, Func<string, IEnumerable<Row>> rowsOfFile, Schema schema, KeyOrder order)
    {
        var rows = new List<Row>();
        foreach (var reference in state.References)
        {
            var region = state.Partitions[reference.PartitionId].Region;
            rows.AddRange(rowsOfFile(reference.FileName).Where(row => region.Contains(RowKey(row, schema), order)));
        }

        return [.. rows.OrderBy(row => row, Comparer<Row>.Create((left, right) => CompareKeys(left, right, schema, order)))];
    }

    public static FieldValue[] RowKey(Row row, Schema schema) => row.Values[..schema.RowKeyFields.Count].ToArray();

    public static int CompareKeys(Row left, Row right, Schema schema, KeyOrder order)
    {
        for (int i = 0; i < schema.KeyFieldCount; i++)
        {
            int comparison = KeyValueOrder.Compare(left[i], right[i], order);
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return 0;
    }

    public static bool IsSorted(IReadOnlyList<Row> rows, Schema schema, KeyOrder order) =>
        rows.Zip(rows.Skip(1)).All(pair => CompareKeys(pair.First, pair.Second, schema, order) <= 0);
}
