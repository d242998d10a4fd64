using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>The conformance checklist of data files, by its numbers, on files that an ingest into an own table wrote.</summary>
public sealed partial class DataFileChecklistTests
{
    /// <summary>A field of each type, with and without nulls.</summary>
    private static readonly Schema EveryType = new(
        [new Field("key", FieldType.Long), new Field("name", FieldType.String)],
        [new Field("sort", FieldType.ByteArray)],
        [
            new Field("i", FieldType.Int),
            new Field("l", FieldType.Long, true),
            new Field("s", FieldType.String, true),
            new Field("b", FieldType.ByteArray),
            new Field("list_i", FieldType.List(FieldType.Int)),
            new Field("list_s", FieldType.List(FieldType.String), true),
            new Field("map_sl", FieldType.Map(FieldType.String, FieldType.Long)),
            new Field("map_ib", FieldType.Map(FieldType.Int, FieldType.ByteArray), true),
        ]);

    /// <summary>Says that a field keeps its value.</summary>
    private static readonly FieldValue Unchanged = FieldValue.FromString("(unchanged)");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static List<Row> RandomRowsOf(Schema schema, int count, int seed) => new RandomRows(seed).Rows(schema, count);

    /// <summary>The writer refuses the row, at once or when it completes, and leaves no object of data.</summary>
    private static async Task<RowRejectedException> AssertRefusedAsync(Row row, Row? before = null)
    {
        var store = new InMemoryObjectStore();
        var fault = await Assert.ThrowsAsync<RowRejectedException>(
            () => IngestedTable.IngestAsync(row.Schema, before is null ? new[] { row } : [before, row], store: store));
        Assert.Empty(await IngestedTable.DataObjectsAsync(store));
        return fault;
    }

    private static Row EveryTypeRow(Func<string, FieldValue>? change = null)
    {
        var row = new Row(
            EveryType,
            7L,
            "name",
            new byte[] { 1 },
            2,
            3L,
            "s",
            new byte[] { 4 },
            FieldValue.FromList([5, 6]),
            FieldValue.FromList(["x"]),
            FieldValue.FromMap([KeyValuePair.Create("k", 8L)]),
            FieldValue.FromMap([KeyValuePair.Create<FieldValue, FieldValue>(9, new byte[] { 10 })]));
        var values = row.Values.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            var changed = change?.Invoke(EveryType.AllFields[i].Name) ?? Unchanged;
            values[i] = changed == Unchanged ? values[i] : changed;
        }

        return new Row(EveryType, values);
    }
}
