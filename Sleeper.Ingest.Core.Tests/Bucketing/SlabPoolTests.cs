using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Tests.Bucketing;

public class SlabPoolTests
{
    [Fact]
    public void Slabs_that_come_back_are_used_again_and_the_budget_is_whole_at_the_end()
    {
        var budget = new MemoryBudget(10_000);
        using (var pool = new SlabPool(budget, 4096))
        {
            var first = pool.TryTake(100)!;
            var second = pool.TryTake(100)!;
            Assert.Null(pool.TryTake(100));
            pool.Release(first);
            Assert.Same(first, pool.TryTake(4096));
            pool.Release(first);
            pool.Release(second);
            Assert.Equal(2 * 4096, budget.UsedBytes);
        }

        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void Free_slabs_give_way_to_a_row_that_is_longer_than_a_slab()
    {
        var budget = new MemoryBudget(10_000);
        using var pool = new SlabPool(budget, 4096);
        var first = pool.TryTake(1)!;
        var second = pool.TryTake(1)!;
        pool.Release(first);
        Assert.Null(pool.TryTake(8000));
        pool.Release(second);

        var large = pool.TryTake(8000);

        Assert.Equal(8000, large!.LengthBytes);
        pool.Release(large);
        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void Slabs_that_come_back_late_are_kept_or_not_as_was_said_last()
    {
        var budget = new MemoryBudget(20_000);
        using (var pool = new SlabPool(budget, 4096))
        {
            var first = pool.TryTake(1)!;
            var second = pool.TryTake(1)!;
            pool.StopKeeping();
            pool.Release(first);
            Assert.Equal(4096, budget.UsedBytes);
            pool.KeepToTheEnd();
            pool.Release(second);
            Assert.Equal(4096, budget.UsedBytes);
        }

        Assert.Equal(0, budget.UsedBytes);
    }
}
