using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Items 17, 20 and 21: where rows stand in a file, and in which leaf.</summary>
public sealed partial class DataFileChecklistTests
{
    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Item_17_rows_ascend_by_row_keys_then_sort_keys_in_the_order_of_bytes(FileWritingStrategy strategy)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            var random = new RandomRows(1_700 + seed);
            var schema = random.Schema();
            var points = EndToEnd.IngestModelTests.SplitPoints(random, schema, 4);
            var table = await IngestedTable.IngestAsync(
                schema, random.Rows(schema, 800), f => f.WithSplitPoints(points).WithFileStrategy(strategy).WithRowGroups(170, 1 << 20));
            for (int file = 0; file < table.Result.Files.Count; file++)
            {
                Assert.True(TableModel.IsSorted(await table.RowsAsync(file), schema, KeyOrder.Bytes), $"seed {1_700 + seed}, file {file}, {schema}");
            }
        }
    }

    [Fact]
    public async Task Item_17_keys_on_which_the_orders_differ_stand_in_the_order_of_bytes()
    {
        var strings = Schema.Create().RowKey("key", FieldType.String).Build();
        var bytes = Schema.Create().RowKey("key", FieldType.ByteArray).Build();

        var texts = await IngestedTable.IngestAsync(strings, ((string[])["\U0001F600", "\uFF5E", "z", "\U0001F600", ""]).Select(k => new Row(strings, k)));
        var arrays = await IngestedTable.IngestAsync(bytes, ((byte[][])[[0x80], [0x7F], [], [0xFF], [0x00], [0x7F, 0x80]]).Select(k => new Row(bytes, k)));

        Assert.Equal(["", "z", "\uFF5E", "\U0001F600", "\U0001F600"], (await texts.RowsAsync()).Select(r => r.GetString(0)));
        Assert.Equal(["", "00", "7f", "7f80", "80", "ff"], (await arrays.RowsAsync()).Select(r => Convert.ToHexStringLower(r.GetBytes(0).Span)));
    }

    [Fact]
    public async Task Item_20_in_an_own_table_the_leaf_of_a_row_is_found_by_bytes_and_so_is_the_row()
    {
        // By Java's signed bytes [0x90] is below the split at [0x10], and the leaf that it would get does not contain it by bytes.
        var schema = Schema.Create().RowKey("key", FieldType.ByteArray).Value("value", FieldType.Int).Build();
        byte[][] keys = [[0x90], [0x10], [0x0F], [0x0F, 0xFF], [], [0x80], [0x7F], [0xFF]];
        var ingested = await IngestedTable.IngestAsync(
            schema, keys.Select((key, i) => new Row(schema, key, i)), f => f.WithSplitPoints(new byte[] { 0x10 }));

        await AssertFoundAsync(ingested, keys.Select(k => (FieldValue)k), high: 5);
    }

    [Fact]
    public async Task Item_20_the_same_for_text()
    {
        // By UTF-16 units U+1F600 is below U+FF5E, by UTF-8 bytes above.
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("value", FieldType.Int).Build();
        string[] keys = ["\U0001F600", "\uFF5E", "\uFF5D", "", "\uE000", "z"];
        var ingested = await IngestedTable.IngestAsync(schema, keys.Select((key, i) => new Row(schema, key, i)), f => f.WithSplitPoints("\uFF5E"));

        await AssertFoundAsync(ingested, keys.Select(k => (FieldValue)k), high: 2);
    }

    [Fact]
    public async Task Item_21_rows_with_equal_keys_and_wholly_equal_rows_are_all_kept()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).SortKey("sort", FieldType.String).Value("value", FieldType.Long).Build();
        var rows = Enumerable.Range(0, 3_000).Select(i => new Row(schema, i % 3, "same", (long)(i % 5))).ToList();

        var table = await IngestedTable.IngestAsync(schema, rows, f => f.WithSplitPoints(1, 2));

        var read = await table.AllRowsAsync();
        Assert.Equal(3_000, table.Result.RowCount);
        Assert.Equal(rows.CountBy(r => r).OrderBy(p => p.Key.ToString(), StringComparer.Ordinal), read.CountBy(r => r).OrderBy(p => p.Key.ToString(), StringComparer.Ordinal));
    }

    /// <summary>Each key gives its one row, the leaves contain their rows by bytes, and the leaf above the split has so many.</summary>
    private static async Task AssertFoundAsync(IngestedTable ingested, IEnumerable<FieldValue> keys, int high)
    {
        var table = await Table.OpenAsync(ingested.Store, "default", Token);
        int number = 0;
        foreach (var key in keys)
        {
            var found = Assert.Single(await table.ReadAsync(key, Token).ToListAsync(Token));
            Assert.Equal(number++, found.GetInt(1));
        }

        Assert.Equal(number, await table.ReadAsync(Token).CountAsync(Token));
        var leaves = (await table.DescribeAsync(Token)).Leaves;
        Assert.Equal([number - high, high], leaves.Select(l => l.RowCount));
        for (int file = 0; file < ingested.Result.Files.Count; file++)
        {
            var region = leaves.Single(l => l.PartitionId == ingested.Result.Files[file].References[0].PartitionId).Region;
            Assert.All(await ingested.RowsAsync(file), row => Assert.True(region.Contains([row[0]], KeyOrder.Bytes)));
        }
    }
}
