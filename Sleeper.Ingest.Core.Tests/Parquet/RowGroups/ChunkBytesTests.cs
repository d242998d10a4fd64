using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class ChunkBytesTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Ranges_that_lie_close_together_are_joined()
    {
        ChunkRange[] ranges = [new(5000, 100), new(4, 96), new(0, 0), new(3 * MiB, 10), new(1000, 4000)];

        Assert.Equal([new ChunkRange(4, 5096), new ChunkRange(3 * MiB, 10)], ChunkBytes.Join(ranges, MiB));
    }

    [Fact]
    public void Joined_ranges_do_not_grow_without_bound()
    {
        ChunkRange[] ranges = [new(4, 40 * MiB), new(4 + (40 * MiB), 40 * MiB), new(4 + (80 * MiB), MiB)];

        Assert.Equal([new ChunkRange(4, 40 * MiB), new ChunkRange(4 + (40 * MiB), 41 * MiB)], ChunkBytes.Join(ranges, MiB));
    }

    [Fact]
    public async Task Each_range_is_found_in_what_was_read()
    {
        byte[] file = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];
        var source = new BytesSource("f", file);
        ChunkRange[] ranges = [new(100, 10), new(50, 20)];
        using ChunkBytes bytes = await ChunkBytes.ReadAsync(source, ChunkBytes.Join(ranges, MiB), UnboundedMemory.Instance, new SpareBuffers(), TestContext.Current.CancellationToken);

        Assert.Equal([(50L, 60)], source.Reads);
        Assert.Equal(60, bytes.HeldBytes);
        foreach (ChunkRange range in ranges)
        {
            Assert.Equal(file[(int)range.Offset..(int)range.End], Copy(bytes, range));
        }

        Assert.Throws<InvalidOperationException>(() => Copy(bytes, new ChunkRange(100, 11)));
    }

    private static unsafe byte[] Copy(ChunkBytes bytes, ChunkRange range) => new ReadOnlySpan<byte>(bytes.PointerTo(range), (int)range.Length).ToArray();
}
