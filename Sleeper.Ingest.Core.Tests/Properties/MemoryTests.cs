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
    }
}
