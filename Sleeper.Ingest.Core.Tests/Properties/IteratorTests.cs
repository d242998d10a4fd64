using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>Filters and aggregations through the whole pipeline: the plain model's rows, and the same bytes whatever the workers and the memory.</summary>
public sealed class IteratorTests
{
    private const long Now = 1_764_331_200_000;

    private static readonly string[] Texts = [.. Enumerable.Range(0, 97).Select(i => new string((char)('a' + (i % 26)), 20 + i))];

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).SortKey("day", FieldType.Int)
        .Value("time", FieldType.Long).Value("count", FieldType.Int).Value("text", FieldType.String)
        .Value("by", FieldType.Map(FieldType.String, FieldType.Long)).Build();

    private static readonly Schema TwoKeys = Schema.Create().RowKey("x", FieldType.Long).RowKey("y", FieldType.Long)
        .Value("time", FieldType.Long).Value("text", FieldType.String).Build();

    [Theory]
    [InlineData("one leaf", 1)]
    [InlineData("300 leaves", 300)]
    public Task Rows_of_leaves_are_those_of_the_model_whatever_the_workers_and_the_memory(string name, int leaves) =>
        CompareAsync(Keyed(name, leaves), FileWritingStrategy.OneFilePerLeaf);

    [Fact]
    public Task Rows_of_a_tree_on_two_keys_are_those_of_the_model_whatever_the_workers_and_the_memory() =>
        CompareAsync(Grid(), FileWritingStrategy.OneFilePerLeaf);

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public Task Rows_of_a_shared_file_are_those_of_the_model_whatever_the_workers_and_the_memory(int leaves) =>
        CompareAsync(Keyed("shared", leaves), FileWritingStrategy.OneReferencePerLeaf);

    [Fact]
    public Task Rows_of_a_shared_file_of_a_tree_on_two_keys_are_those_of_the_model() => CompareAsync(Grid(), FileWritingStrategy.OneReferencePerLeaf);

    [Fact]
    public async Task Random_iterators_under_random_settings_give_the_model()
    {
        int spilled = 0;
        for (int seed = 1; seed <= 6; seed++)
        {
            var random = new Random(seed);
            var scenario = Keyed($"seed {seed}", random.Next(1, 40), rows: 110_000, distinct: random.Next(1, 9_000));
            scenario = scenario with { Iterators = NaiveIterators.Random(Schema, random, Now) };
            var settings = new ScenarioSettings
            {
                Workers = random.Next(1, 4),
                BudgetMebibytes = random.Next(16, 20),
                Feed = (RowFeed)random.Next(3),
                RowGroupRows = random.Next(50, 20_000),
                Strategy = (FileWritingStrategy)random.Next(2),
                Seed = seed,
            };
            var run = await scenario.RunAsync(settings);
            spilled += run.Result.SpilledBytes > 0 ? 1 : 0;
            await run.AssertEqualsModelAsync(scenario);
        }

        Assert.True(spilled >= 3, $"Only {spilled} cases spilled.");
    }

    private static async Task CompareAsync(IngestScenario scenario, FileWritingStrategy strategy)
    {
        var settings = new ScenarioSettings { Strategy = strategy, RowGroupRows = 700 };
        var reference = await scenario.RunAsync(settings);
        Assert.Equal(0, reference.Result.SpilledBytes);
        Assert.InRange(reference.Result.RowCount, 1, reference.Result.InputRowCount / 2);
        await reference.AssertEqualsModelAsync(scenario);
        var expected = await reference.DigestsAsync();
        foreach (var other in (ScenarioSettings[])
            [settings with { Workers = 2, BudgetMebibytes = 256 }, settings with { Workers = 1, BudgetMebibytes = 16 }, settings with { Workers = 3, BudgetMebibytes = 16, Feed = RowFeed.Batches }])
        {
            var run = await scenario.RunAsync(other);
            Assert.True(other.BudgetMebibytes > 16 || run.Result.SpilledBytes > 0, $"{scenario.Name}, {other}: nothing was spilled.");
            Assert.Equal(expected, await run.DigestsAsync());
        }
    }

    private static IngestScenario Keyed(string name, int leaves, int rows = 130_000, int distinct = 9_000)
    {
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(Schema, [.. Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(10_000L * i / leaves))], () => $"p{next++}");
        return new IngestScenario(name, tree, Schema, rows, i => new Row(
            Schema, Scatter(i) % distinct, (int)(Scatter(i + 3) % 3), Now - (Scatter(i + 1) % 4_000), i, Texts[i % 97],
            FieldValue.FromMap([KeyValuePair.Create($"k{Scatter(i + 2) % 20}", (long)i), KeyValuePair.Create("all", 1L)])))
        {
            Iterators = new NaiveIterators(Now) { Filter = ("time", 3_000), Operations = ["max", "sum", "sum", "sum"], Iterator = ("time", 500) },
        };
    }

    private static IngestScenario Grid() => new(
        "512 leaves on two keys", GridTree.Build(TwoKeys, 9, 1024), TwoKeys, 130_000,
        i => new Row(TwoKeys, Scatter(i) % 100, Scatter(i + 7) % 40, Now - (Scatter(i + 1) % 4_000), Texts[i % 97]))
    {
        Iterators = new NaiveIterators(Now) { Filter = ("time", 3_000), Operations = ["min", "max"] },
    };

    private static long Scatter(int i) => (long)(((uint)i * 0x9E37_79B9_7F4A_7C15UL) >> 33);
}
