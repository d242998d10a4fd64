using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>Data files and sketches depend on the rows, the schema, the partitions and the format settings; not on workers, memory or the way in.</summary>
public class DeterminismTests
{
    [Theory]
    [InlineData("one leaf", true)]
    [InlineData("two leaves", true)]
    [InlineData("300 leaves", true)]
    [InlineData("300 leaves, most rows in one", true)]
    [InlineData("10,000 leaves", false)]
    [InlineData("512 leaves on two keys", true)]
    [InlineData("sorted input", true)]
    [InlineData("reverse sorted input", true)]
    [InlineData("equal keys", true)]
    [InlineData("large rows", true)]
    [InlineData("large rows, many leaves", true)]
    [InlineData("small rows, then large ones, then small ones", true)]
    public async Task Files_are_the_same_with_any_workers_and_any_memory(string name, bool spills)
    {
        var scenario = Scenarios.Get(name);
        var reference = await scenario.RunAsync(new ScenarioSettings());
        Assert.Equal(0, reference.Result.SpilledBytes);
        await reference.AssertEqualsModelAsync(scenario);
        var expected = await reference.DigestsAsync();
        ScenarioSettings[] others =
        [
            new() { Workers = 2, BudgetMebibytes = 64 }, new() { Workers = 1, BudgetMebibytes = 16 },
            new() { Workers = 3, BudgetMebibytes = 16 }, new() { Workers = 2, BudgetMebibytes = 32, Feed = RowFeed.Batches },
        ];
        foreach (var settings in others)
        {
            var run = await scenario.RunAsync(settings);
            Assert.True(!spills || settings.BudgetMebibytes > 16 || run.Result.SpilledBytes > 0, $"{name}, {settings}: nothing was spilled.");
            AssertSame(expected, await run.DigestsAsync(), $"{name}, {settings}");
        }
    }

    [Theory]
    [InlineData("one leaf")]
    [InlineData("two leaves")]
    [InlineData("300 leaves, most rows in one")]
    public async Task A_large_file_is_the_same_whoever_helps_with_its_row_groups(string name)
    {
        var scenario = Scenarios.Get(name);
        var settings = new ScenarioSettings { RowGroupRows = 3_000, BudgetMebibytes = 512 };
        var expected = await (await scenario.RunAsync(settings)).DigestsAsync();
        foreach (int workers in (int[])[2, 4])
        {
            var run = await scenario.RunAsync(settings with { Workers = workers });
            AssertSame(expected, await run.DigestsAsync(), $"{name}, {workers} workers");
        }
    }

    [Theory]
    [InlineData("one leaf")]
    [InlineData("300 leaves")]
    [InlineData("512 leaves on two keys")]
    public async Task A_shared_file_is_the_same_with_any_workers_and_any_memory(string name)
    {
        var scenario = Scenarios.Get(name);
        var settings = new ScenarioSettings { Strategy = FileWritingStrategy.OneReferencePerLeaf, BloomFilters = true };
        var reference = await scenario.RunAsync(settings);
        Assert.Single(reference.Result.Files);
        await reference.AssertEqualsModelAsync(scenario);
        var expected = await reference.DigestsAsync();
        foreach (int workers in (int[])[1, 2, 3])
        {
            var spilled = settings with { Workers = workers, BudgetMebibytes = 16 };
            var run = await scenario.RunAsync(spilled);
            Assert.NotEqual(0, run.Result.SpilledBytes);
            AssertSame(expected, await run.DigestsAsync(), $"{name}, {spilled}");
        }

        AssertSame(expected, await (await scenario.RunAsync(settings with { Workers = 2 })).DigestsAsync(), $"{name}, 2 workers");
    }

    [Theory]
    [InlineData("one leaf", RowFeed.Singly)]
    [InlineData("one leaf", RowFeed.Batches)]
    [InlineData("one leaf", RowFeed.Parquet)]
    [InlineData("300 leaves", RowFeed.Singly)]
    [InlineData("300 leaves", RowFeed.Batches)]
    [InlineData("300 leaves", RowFeed.Parquet)]
    [InlineData("512 leaves on two keys", RowFeed.Parquet)]
    internal async Task Files_are_the_same_however_the_rows_come_in(string name, RowFeed feed)
    {
        var scenario = Scenarios.Get(name);
        var expected = await (await scenario.RunAsync(new ScenarioSettings())).DigestsAsync();
        foreach (var settings in (ScenarioSettings[])[new() { Workers = 3, Feed = feed }, new() { Workers = 2, BudgetMebibytes = 16, Feed = feed, Seed = 2 }])
        {
            AssertSame(expected, await (await scenario.RunAsync(settings)).DigestsAsync(), $"{name}, {settings}");
        }
    }

    private static void AssertSame(List<string> expected, List<string> actual, string context)
    {
        Assert.True(expected.Count == actual.Count, $"{context}: {actual.Count} files instead of {expected.Count}.");
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(expected[i] == actual[i], $"{context}: file {i} is {actual[i]} instead of {expected[i]}.");
        }
    }
}
