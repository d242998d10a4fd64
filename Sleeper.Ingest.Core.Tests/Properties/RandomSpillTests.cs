using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.EndToEnd;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>Random ingests against the model: group by leaf, sort in memory. Seeds are in every message.</summary>
public class RandomSpillTests
{
    private static readonly Schema Schema =
        Schema.Create().RowKey("key", FieldType.Long).Value("arrival", FieldType.Int).Value("bytes", FieldType.ByteArray).Build();

    private static readonly byte[] Zeros = new byte[100_000];

    [Fact]
    public async Task Sorting_spilling_and_merging_under_random_budgets_give_the_model()
    {
        int spilled = 0;
        const int Cases = 22;
        for (int seed = 1; seed <= Cases; seed++)
        {
            var random = new Random(seed);
            int next = 0;
            int leaves = random.Next(3) switch { 0 => 1, 1 => random.Next(2, 12), _ => random.Next(12, 400) };
            var tree = PartitionTree.FromSplitPoints(Schema, [.. Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(long)(i * 100))], () => $"p{next++}");
            int meanLength = random.Next(4) == 0 ? 20_000 : random.Next(200, 2_000);
            int keys = random.Next(2) == 0 ? 5 : 100 * leaves;
            int rows = (int)(random.Next(8_000_000, 22_000_000) / (double)meanLength);
            var scenario = new IngestScenario($"seed {seed}", tree, Schema, rows, i =>
            {
                uint hash = (uint)HashCode(seed, i);
                return new Row(Schema, (long)(hash % (uint)keys), i, Zeros.AsMemory(0, (int)(hash / 7 % (uint)(2 * meanLength))));
            });
            var settings = new ScenarioSettings
            {
                Workers = random.Next(1, 4),
                BudgetMebibytes = random.Next(16, 24),
                Feed = (RowFeed)random.Next(3),
                RowGroupRows = random.Next(100, 50_000),
                BloomFilters = seed % 2 == 0,
                Seed = seed,
            };
            var run = await scenario.RunAsync(settings);
            spilled += run.Result.SpilledBytes > 0 ? 1 : 0;
            await run.AssertEqualsModelAsync(scenario);
        }

        Assert.True(spilled >= 5, $"Only {spilled} of {Cases} cases spilled.");
    }

    [Fact]
    public async Task Rows_read_back_are_those_written_whatever_the_row_groups_and_pages()
    {
        for (int seed = 1000; seed < 1025; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var rows = random.Rows(schema, random.Random.Next(1, 900));
            var points = IngestModelTests.SplitPoints(random, schema, random.Random.Next(0, 6));
            using var spill = new TemporaryFolder();
            var store = new InMemoryObjectStore();
            await using var writer = await IngestFactory.Create().UseObjectStore(store).WithSchema(schema).WithSplitPoints(points)
                .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(2).WithSpillFolder(spill.Path)
                .WithRowGroups(random.Random.Next(1, 400), random.Random.Next(1024, 60_000)).WithPages(random.Random.Next(1, 120), random.Random.Next(1024, 9_000))
                .WithCompression((DataFileCodec)random.Random.Next(6)).OpenAsync();
            await writer.WriteAsync(rows);
            await writer.CompleteAsync();
            var expected = RowOrder.Sort(rows);
            int i = 0;
            await foreach (var row in (await Table.OpenAsync(store, "default")).ReadAsync())
            {
                Assert.True(i < expected.Count && expected[i].Equals(row), $"seed {seed}, row {i}, {schema}");
                i++;
            }

            Assert.True(i == expected.Count, $"seed {seed}: {i} rows instead of {expected.Count}.");
        }
    }

    private static int HashCode(int seed, int i)
    {
        uint value = ((uint)i * 0x9E37_79B1) ^ ((uint)seed * 0x85EB_CA6B);
        value = (value ^ (value >> 15)) * 0x2C1B_3C6D;
        return (int)(value ^ (value >> 13));
    }
}
