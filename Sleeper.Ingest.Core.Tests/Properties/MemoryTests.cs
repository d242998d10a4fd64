using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Properties;

/// <summary>Memory and disk: what is held stays within the budget however much comes, and each row goes to disk once.</summary>
public class MemoryTests
{
    [Theory]
    [InlineData("ten times the budget, 40 leaves", 1)]
    [InlineData("ten times the budget, 40 leaves", 3)]
    [InlineData("ten times the budget, one leaf", 2)]
    public async Task Ten_times_the_budget_goes_through_and_each_row_is_spilled_once(string name, int workers)
    {
        // The run itself fails if the count of memory exceeds the budget, or if a spill file is left.
        var run = await Scenarios.Get(name).RunAsync(new ScenarioSettings { Workers = workers, BudgetMebibytes = 16 });
        Assert.InRange(run.Result.InputBytes, 10L * (16 << 20), long.MaxValue);
        Assert.InRange(run.Result.SpilledBytes, run.Result.InputBytes / 2, run.Result.InputBytes + (run.Result.InputBytes / 50));
        Assert.InRange(run.Result.SpilledRowCount, run.Result.InputRowCount / 2, run.Result.InputRowCount);
        Assert.Equal(0, run.Result.RespilledRowCount);
    }

    [Fact]
    public async Task Rows_that_are_too_large_to_merge_all_runs_at_once_are_counted_as_spilled_again()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("bytes", FieldType.ByteArray).Build();
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[1 << 20];
        await using var writer = await IngestFactory.Create().UseObjectStore(new InMemoryObjectStore()).WithSchema(schema).WithSpillFolder(folder.Path)
            .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).OpenAsync();
        for (long i = 0; i < 150; i++)
        {
            await writer.WriteAsync(new Row(schema, i * 37 % 150, bytes));
        }

        var result = await writer.CompleteAsync();

        Assert.Equal(150, result.RowCount);
        Assert.InRange(result.RespilledRowCount, 1, result.SpilledRowCount - 1);
        Assert.InRange(result.SpilledRowCount - result.RespilledRowCount, 100, 150);
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    [InlineData(3, 8)]
    public async Task More_workers_than_leaves_read_no_more_leaves_at_once_than_memory_allows(int leaves, int workers)
    {
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("bytes", FieldType.ByteArray).Build();
        using var folder = new TemporaryFolder();
        byte[] bytes = new byte[2_000_000];
        var points = Enumerable.Range(1, leaves - 1).Select(i => (FieldValue)(60L * i / leaves)).ToArray();
        await using var writer = await IngestFactory.Create().UseObjectStore(new InMemoryObjectStore()).WithSchema(schema).WithSplitPoints(points).WithSpillFolder(folder.Path)
            .WithMemoryBudget(16 << 20).WithDegreeOfParallelism(workers).OpenAsync();
        for (long i = 0; i < 60; i++)
        {
            await writer.WriteAsync(new Row(schema, i * 37 % 60, bytes));
        }

        var result = await writer.CompleteAsync();

        Assert.Equal((60, leaves), (result.RowCount, result.Files.Count));
        Assert.InRange(result.PeakMemoryBytes, 1, 16 << 20);
    }
}
