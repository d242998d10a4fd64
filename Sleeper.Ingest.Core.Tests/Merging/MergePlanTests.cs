using Sleeper.Ingest.Core.Merging;

namespace Sleeper.Ingest.Core.Tests.Merging;

public class MergePlanTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(10, 1)]
    [InlineData(11, 2)]
    [InlineData(100, 2)]
    [InlineData(101, 3)]
    public void Passes_follow_from_runs_and_memory(int runs, int passes)
    {
        long memory = RunMerger.MemoryBytes(10) + (10 * 100_000);
        MergePlan plan = MergePlan.Make(runs, 100_000, memory);
        Assert.Equal(10, plan.Width);
        Assert.Equal(passes, plan.PassCount);
        Assert.Equal(passes > 1, plan.OnePassProblem is not null);
    }

    [Fact]
    public void The_problem_of_too_many_runs_names_the_numbers_and_the_remedy()
    {
        string problem = MergePlan.Make(50, 1_000_000, 20_000_000).OnePassProblem!;
        Assert.Contains("50 runs", problem);
        Assert.Contains("20,000,000", problem);
        Assert.Contains("larger memory budget", problem);
    }

    [Fact]
    public void Less_memory_than_two_runs_take_is_refused() =>
        Assert.Contains("larger memory budget", Assert.Throws<IngestException>(() => MergePlan.Make(2, 1_000_000, 1_999_999)).Message);
}
