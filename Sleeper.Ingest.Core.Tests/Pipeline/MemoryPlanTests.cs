using Sleeper.Ingest.Core.Pipeline;

namespace Sleeper.Ingest.Core.Tests.Pipeline;

public class MemoryPlanTests
{
    [Fact]
    public void Whatever_is_set_aside_leaves_room_for_slabs()
    {
        int plans = 0;
        for (long budget = MemoryPlan.MinimumBudgetBytes; budget <= 8L << 30; budget = (budget * 5 / 3) + 12_345)
        {
            foreach (int workers in (int[])[1, 2, 3, 4, 8, 16, 64, 256])
            {
                foreach (int leaves in (int[])[1, 2, 100, 256, 10_000])
                {
                    if (TryMake(budget, workers, leaves) is not { } plan)
                    {
                        continue;
                    }

                    plans++;
                    string context = $"{budget:N0} bytes, {workers} workers, {leaves} leaves: {plan}";
                    long setAside = plan.BatchBytes + (workers * (((long)plan.BatchBytes * plan.BatchesPerWorker) + plan.EncoderBytesPerWorker));
                    long left = budget - setAside;
                    Assert.True(left >= 2L * plan.BucketCount * plan.SlabBytes, context);
                    Assert.True(plan.MaxRowBytes > 0 && plan.MaxRowBytes <= budget / 8, context);
                    Assert.True(plan.BucketCount <= leaves && plan.LoadLimitBytes > 0, context);
                }
            }
        }

        Assert.True(plans > 300, $"{plans} plans");
    }

    [Fact]
    public void A_budget_that_is_too_small_for_the_workers_says_how_much_is_needed()
    {
        var error = Assert.Throws<ArgumentException>(() => MemoryPlan.Make(16 << 20, 64, 10, oneBucket: false, int.MaxValue));

        Assert.Contains("64 workers", error.Message, StringComparison.Ordinal);
        Assert.Contains("WithMemoryBudget", error.Message, StringComparison.Ordinal);
    }

    private static MemoryPlan? TryMake(long budget, int workers, int leaves)
    {
        try
        {
            return MemoryPlan.Make(budget, workers, leaves, oneBucket: false, 16 << 20);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
