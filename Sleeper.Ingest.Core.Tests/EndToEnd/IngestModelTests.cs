using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>Random schemas, rows, partitions and budgets against a model: group by leaf, sort in memory.</summary>
public class IngestModelTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Files_hold_the_rows_of_their_leaf_in_key_order_and_equal_keys_in_order_of_arrival(int lane)
    {
        for (int seed = 100 * lane; seed < (100 * lane) + 25; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, random.Random.Next(1, 3000));
            var points = SplitPoints(random, schema, random.Random.Next(0, 12));
            using var spill = new TemporaryFolder();
            var store = new InMemoryObjectStore();
            var strategy = random.Random.Next(3) == 0 ? FileWritingStrategy.OneReferencePerLeaf : FileWritingStrategy.OneFilePerLeaf;
            await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(schema).WithSplitPoints(points)
                .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(random.Random.Next(1, 4)).WithFileStrategy(strategy)
                .WithRowGroups(random.Random.Next(1, 1000), 1 << 20).WithPages(random.Random.Next(1, 300), 4096)
                .WithCompression((DataFileCodec)random.Random.Next(6)).WithSpillFolder(spill.Path).OpenAsync();
            await WriteInPiecesAsync(writer, rows, random.Random);
            var result = await writer.CompleteAsync();

            string context = $"seed {seed}, {schema}, {points.Count} split points, {rows.Count} rows, {strategy}";
            Assert.True(result.RowCount == rows.Count, context);
            await AssertEqualsModelAsync(store, schema, points, rows, result, strategy, context);
        }
    }

    internal static async Task AssertEqualsModelAsync(
        IObjectStore store, Schema schema, List<FieldValue> points, List<Row> rows, IngestResult result, FileWritingStrategy strategy, string context)
    {
        var expected = rows.GroupBy(r => LeafOf(r, points)).OrderBy(g => g.Key).Select(g => RowOrder.Sort(g)).ToList();
        Assert.True(result.Files.SelectMany(f => f.References).Select(r => r.RowCount).SequenceEqual(expected.Select(e => (long)e.Count)), context);
        if (strategy == FileWritingStrategy.OneReferencePerLeaf)
        {
            expected = [[.. expected.SelectMany(e => e)]];
        }

        Assert.True(expected.Count == result.Files.Count, context);
        for (int i = 0; i < expected.Count; i++)
        {
            var actual = await DataFileRows.ReadAsync(store, "default/" + result.Files[i].FileName, schema);
            Assert.True(expected[i].Count == actual.Count, context);
            for (int row = 0; row < actual.Count; row++)
            {
                Assert.True(expected[i][row].Equals(actual[row]), $"{context}, file {i}, row {row}: expected {expected[i][row]}, was {actual[row]}");
            }
        }
    }

    internal static List<FieldValue> SplitPoints(RandomRows random, Schema schema, int count)
    {
        var type = schema.RowKeyFields[0].Type;
        var smallest = KeyDecoder.Smallest(type);
        return [.. Enumerable.Range(0, count).Select(_ => random.Value(type)).Where(v => v != smallest).Distinct()
            .Order(Comparer<FieldValue>.Create((l, r) => RowOrder.Compare(l, r, KeyOrder.Bytes)))];
    }

    private static int LeafOf(Row row, List<FieldValue> points) => points.Count(p => RowOrder.Compare(p, row[0], KeyOrder.Bytes) <= 0);

    private static async Task WriteInPiecesAsync(IIngestWriter writer, List<Row> rows, Random random)
    {
        int next = 0;
        while (next < rows.Count)
        {
            int count = Math.Min(rows.Count - next, random.Next(1, 1500));
            switch (random.Next(3))
            {
                case 0:
                    await writer.WriteAsync(rows.GetRange(next, count));
                    break;
                case 1:
                    await writer.WriteAsync(ToAsync(rows.GetRange(next, count)));
                    break;
                default:
                    foreach (var row in rows.GetRange(next, count))
                    {
                        await writer.WriteAsync(row);
                    }

                    break;
            }

            next += count;
        }
    }

    internal static async IAsyncEnumerable<T> ToAsync<T>(IEnumerable<T> rows)
    {
        foreach (var row in rows)
        {
            yield return row;
        }

        await Task.CompletedTask;
    }
}
