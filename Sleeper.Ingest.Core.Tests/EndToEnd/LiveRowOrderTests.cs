using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>The order of rows and the leaf of a row in tables of a deployed instance, through the whole pipeline (section 4 of the page on data files).</summary>
public sealed class LiveRowOrderTests
{
    private static readonly Schema Bytes = Schema.Create().RowKey("key", FieldType.ByteArray).Value("value", FieldType.Int).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the original's query finds of 256 keys of one byte, of which it loses the others.</summary>
    [Theory]
    [InlineData(KeyOrder.Bytes)]
    [InlineData(KeyOrder.Java)]
    internal async Task Item_20_of_256_keys_those_that_the_originals_query_finds_are_taken_and_the_others_refused(KeyOrder order)
    {
        string path = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "requests", "byte-array-row-keys.json");
        using var cases = JsonDocument.Parse(await File.ReadAllTextAsync(path, Token));
        foreach (var given in cases.RootElement.EnumerateArray())
        {
            byte[] split = Convert.FromHexString(given.GetProperty("split").GetString()!);
            int next = 0;
            var tree = PartitionTree.FromSplitPoints(Bytes, [split], () => next++ == 0 ? "L" : "R");
            using var live = await LiveIngest.CreateAsync(Bytes, tree, order);
            var errors = new List<RowError>();

            var result = await live.IngestAsync(
                writer => writer.WriteAsync(Enumerable.Range(0, 256).Select(i => new Row(Bytes, new[] { (byte)i }, i)), Token), f => f.WithRowErrors(errors.Add));

            var expected = given.GetProperty("keysFromQuery").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
            for (int file = 0; file < result.Files.Count; file++)
            {
                var keys = (await live.RowsOfFileAsync(result, file)).Select(r => Convert.ToHexStringLower(r.GetBytes(0).Span));
                Assert.Equal(expected[result.Files[file].References[0].PartitionId], string.Join(' ', keys.Order(StringComparer.Ordinal)));
            }

            Assert.Equal((128, 128, 128), (result.RowCount, result.RejectedRowCount, errors.Count));
            Assert.Equal(128, (await live.ReadAsync()).Count);
        }
    }

    [Theory]
    [InlineData(RowFeed.Enumerable)]
    [InlineData(RowFeed.Singly)]
    [InlineData(RowFeed.Parquet)]
    internal async Task Item_20_a_row_on_which_the_orders_disagree_is_refused_by_field_number_leaf_and_reason_whatever_way_it_comes(RowFeed feed)
    {
        var schema = Schema.Create().RowKey("id", FieldType.Int).RowKey("name", FieldType.String).Build();
        var root = PartitionTree.Single(schema).Root;
        var tree = new PartitionTree(
        [
            root with { ChildIds = ["low", "high"], Dimension = 1 },
            new Partition("low", "root", [], root.Region.With(1, "", "\uFF5E"), -1),
            new Partition("high", "root", [], root.Region.With(1, "\uFF5E", FieldValue.Null), -1),
        ]);
        using var live = await LiveIngest.CreateAsync(schema, tree, KeyOrder.Bytes);
        Row[] rows = [new Row(schema, 1, "a"), new Row(schema, 2, "\uFF5E"), new Row(schema, 3, "secret \U0001F600"), new Row(schema, 4, "\U0001F600"), new Row(schema, 5, "z")];

        var error = await Assert.ThrowsAsync<RowRejectedException>(() => live.IngestAsync(writer => FeedAsync(writer, feed, schema, rows)));

        // "secret" comes first in both orders; a text that begins with the supplementary character does not.
        Assert.Equal((3, "name"), (error.Error.RowNumber, error.Error.FieldName));
        Assert.Contains("'low'", error.Message, StringComparison.Ordinal);
        Assert.Contains("no query would find the row", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\U0001F600", error.Message, StringComparison.Ordinal);
        Assert.Equal("\U0001F600", error.Error.Value.AsString());
        Assert.Empty(await IngestedTable.DataObjectsAsync(live.Store));
    }

    [Fact]
    public async Task Item_20_where_the_orders_cannot_disagree_nothing_is_refused()
    {
        using var single = await LiveIngest.CreateAsync(Bytes, PartitionTree.Single(Bytes), KeyOrder.Bytes);
        Assert.Equal(256, (await single.IngestAsync(w => w.WriteAsync(Enumerable.Range(0, 256).Select(i => new Row(Bytes, new[] { (byte)i }, i)), Token))).RowCount);

        int next = 0;
        var numbers = Schema.Create().RowKey("id", FieldType.Long).SortKey("text", FieldType.String).Build();
        var tree = PartitionTree.FromSplitPoints(numbers, [-5L, 5L], () => $"p{next++}");
        using var split = await LiveIngest.CreateAsync(numbers, tree, KeyOrder.Java);
        Assert.Equal(3, (await split.IngestAsync(w => w.WriteAsync(
            [new Row(numbers, 1L, "\U0001F600"), new Row(numbers, -9L, "\uFF5E"), new Row(numbers, 9L, "")], Token))).RowCount);
    }

    [Theory]
    [InlineData(KeyOrder.Bytes, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(KeyOrder.Java, FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(KeyOrder.Bytes, FileWritingStrategy.OneReferencePerLeaf)]
    [InlineData(KeyOrder.Java, FileWritingStrategy.OneReferencePerLeaf)]
    internal async Task Item_17_rows_stand_in_the_tables_order_through_spills_and_merges_with_the_same_bytes(KeyOrder order, FileWritingStrategy strategy)
    {
        var schema = Schema.Create().RowKey("name", FieldType.String).SortKey("raw", FieldType.ByteArray).Value("text", FieldType.String).Build();
        string[] starts = ["", "a", "m", "\uD7FF", "\uE000", "\uFF5E", "\U0001F600", "\U0010FFFF"];
        Row[] rows = [.. Enumerable.Range(0, 40_000).Select(i =>
        {
            uint hash = (uint)i * 2_654_435_761;
            return new Row(
                schema, $"{starts[hash % 8]}{starts[hash / 8 % 8]}{hash / 64 % 500}", new[] { (byte)(hash >> 24), (byte)(hash >> 16) }, new string('t', 200 + (i % 500)));
        })];
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(schema, ["b", "\uE000"], () => $"p{next++}");
        Row[] taken = [.. rows.Where(r => tree.LeafOf([r[0]], KeyOrder.Java).Region.Contains([r[0]], KeyOrder.Bytes))];
        Assert.InRange(taken.Length, 1_000, rows.Length - 1_000);

        List<string>? bytes = null;
        foreach (var (workers, mebibytes) in ((int, int)[])[(1, 256), (3, 16)])
        {
            using var live = await LiveIngest.CreateAsync(schema, tree, order);
            var result = await live.IngestAsync(
                w => w.WriteAsync(rows, Token),
                f => f.WithRowErrors(_ => { }).WithFileStrategy(strategy).WithDegreeOfParallelism(workers).WithMemoryBudget((long)mebibytes << 20).WithRowGroups(3_000, 1 << 20));

            Assert.Equal(mebibytes == 16, result.SpilledBytes > 0);
            Assert.Equal(taken.Length, result.RowCount);
            await AssertFilesAsync(live, result, tree);
            var read = await live.ReadAsync();
            Assert.Equal(taken.Select(RowText.Of).Order(StringComparer.Ordinal), read.Select(RowText.Of).Order(StringComparer.Ordinal));
            var these = new List<string>();
            for (int file = 0; file < result.Files.Count; file++)
            {
                these.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await live.BytesOfFileAsync(result, file))));
                these.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(await live.BytesOfFileAsync(result, file, ".sketches"))));
            }

            Assert.Equal(bytes ??= these, these);
        }
    }

    /// <summary>Rows in the table's order; each leaf's own by both orders; statistics by bytes and sketches by Java's order, whatever the order of rows.</summary>
    private static async Task AssertFilesAsync(LiveIngest live, IngestResult result, PartitionTree tree)
    {
        for (int file = 0; file < result.Files.Count; file++)
        {
            var rows = await live.RowsOfFileAsync(result, file);
            Assert.True(TableModel.IsSorted(rows, live.Schema, live.Order), $"file {file}");
            Assert.Equal(
                result.Files[file].References.OrderBy(r => r.PartitionId, StringComparer.Ordinal).Select(r => (r.PartitionId, r.RowCount)),
                rows.CountBy(r => tree.LeafOf([r[0]], KeyOrder.Java).Id).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => (c.Key, (long)c.Value)));

            var parts = await DataFileParts.OpenAsync(await live.BytesOfFileAsync(result, file));
            long first = 0;
            foreach (var group in parts.Metadata.RowGroups)
            {
                var names = rows.Skip((int)first).Take((int)group.NumRows).Select(r => r[0]).Order(Comparer<FieldValue>.Create((l, r) => RowOrder.Compare(l, r, KeyOrder.Bytes))).ToList();
                first += group.NumRows;
                var statistics = group.Columns[0].Metadata!.Statistics!;
                Assert.Equal(names[0].AsString(), System.Text.Encoding.UTF8.GetString(statistics.MinValue!));
                Assert.Equal(names[^1].AsString(), System.Text.Encoding.UTF8.GetString(statistics.MaxValue!));
            }

            var sketch = SketchReader.Read(live.Schema, await live.BytesOfFileAsync(result, file, ".sketches"))[0];
            Assert.Equal(rows.Count, sketch.Count);
            var byJava = rows.Select(r => r.GetString(0)).Order(StringComparer.Ordinal).ToList();
            Assert.Equal((byJava[0], byJava[^1]), (sketch.Min.AsString(), sketch.Max.AsString()));
        }
    }

    private static async Task FeedAsync(IIngestWriter writer, RowFeed feed, Schema schema, Row[] rows)
    {
        switch (feed)
        {
            case RowFeed.Singly:
                foreach (var row in rows)
                {
                    await writer.WriteAsync(row, Token);
                }

                break;
            case RowFeed.Parquet:
                var source = new InMemoryObjectStore();
                await source.PutAsync("rows.parquet", SmallDataFile.Write(schema, rows), Token);
                await writer.WriteParquetAsync(source, "rows.parquet", Token);
                break;
            default:
                await writer.WriteAsync(rows, Token);
                break;
        }
    }
}
