using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Tests.Buffers;

public class NativeBufferTests
{
    private const int Bytes = 1 << 20;

    /// <summary>What the system has taken back reads as zero; bytes on pages that are shared with other blocks stay.</summary>
    [Fact]
    public void Returned_pages_are_gone_and_can_be_used_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the C library keeps the memory.");
        using var before = Filled();
        using var buffer = Filled();
        using var after = Filled();

        buffer.ReturnPages();

        Assert.InRange(buffer.Span.Count((byte)0), Bytes - (2 * Environment.SystemPageSize), Bytes);
        Assert.Equal(Bytes, before.Span.Count((byte)7));
        Assert.Equal(Bytes, after.Span.Count((byte)7));
        buffer.Span.Fill(9);
        Assert.Equal(Bytes, buffer.Span.Count((byte)9));
    }

    [Fact]
    public void Less_than_a_page_stays()
    {
        using var buffer = new NativeBuffer(100);
        buffer.Span.Fill(7);

        buffer.ReturnPages();

        Assert.Equal(100, buffer.Span.Count((byte)7));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pool_returns_free_slabs_where_it_shall(bool returnsPages)
    {
        var budget = new MemoryBudget(4 * Bytes);
        using var pool = new SlabPool(budget, Bytes);
        var slab = pool.TryTake(1)!;
        pool.Release(slab);
        Assert.Equal(3 * Bytes, budget.FreeBytes);

        pool.ReturnsPages = returnsPages;
        pool.StopKeeping();

        Assert.Equal(4 * Bytes, budget.FreeBytes);
        Assert.Throws<ObjectDisposedException>(() => slab.Span.Length);
    }

    private static NativeBuffer Filled()
    {
        var buffer = new NativeBuffer(Bytes);
        buffer.Span.Fill(7);
        return buffer;
    }
}
