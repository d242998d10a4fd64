using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>The bytes of some column chunks of a row group, read together where they lie close together, and held outside of the heap.</summary>
internal sealed class ChunkBytes : IDisposable
{
    /// <summary>One read is not joined beyond this, so that reads of a large row group go side by side.</summary>
    private const long MaxJoinedBytes = 64 << 20;

    private readonly IReadMemory _memory;
    private readonly List<(ChunkRange Range, NativeBuffer Bytes)> _pieces = [];

    private readonly SpareBuffers _spares;

    private ChunkBytes(IReadMemory memory, SpareBuffers spares)
    {
        _memory = memory;
        _spares = spares;
    }

    /// <summary>Bytes held.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Joins ranges that lie close together. The result is in file order and covers each of the given ranges with one of its own.</summary>
    /// <param name="ranges">Of one file, not overlapping, in any order.</param>
    /// <param name="maxGapBytes">A gap up to this is read along with what lies on both sides of it.</param>
    public static IReadOnlyList<ChunkRange> Join(IEnumerable<ChunkRange> ranges, long maxGapBytes)
    {
        var joined = new List<ChunkRange>();
        foreach (ChunkRange range in ranges.Where(range => range.Length > 0).OrderBy(range => range.Offset))
        {
            if (joined.Count > 0 && range.Offset - joined[^1].End <= maxGapBytes && range.End - joined[^1].Offset <= MaxJoinedBytes)
            {
                joined[^1] = joined[^1] with { Length = Math.Max(joined[^1].End, range.End) - joined[^1].Offset };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }

    /// <summary>Reads ranges, as <see cref="Join"/> gives them, all at the same time.</summary>
    public static async Task<ChunkBytes> ReadAsync(
        IRandomAccessReader source, IReadOnlyCollection<ChunkRange> ranges, IReadMemory memory, SpareBuffers spares, CancellationToken cancellationToken)
    {
        long length = ranges.Sum(range => range.Length);
        if (!await memory.TryReserveAsync(length, cancellationToken).ConfigureAwait(false)
            && !(spares.Free() && await memory.TryReserveAsync(length, cancellationToken).ConfigureAwait(false)))
        {
            throw memory.NotEnough(length);
        }

        var bytes = new ChunkBytes(memory, spares);
        foreach (ChunkRange range in ranges)
        {
            NativeBuffer buffer = spares.Take(range.Length, memory);
            bytes._pieces.Add((range, buffer));
            bytes.HeldBytes += buffer.LengthBytes;
        }

        var reads = new List<Task>();
        try
        {
            foreach ((ChunkRange range, NativeBuffer buffer) in bytes._pieces)
            {
                reads.Add(source.ReadAsync(range.Offset, new NativeBufferMemory(buffer).Memory[..(int)range.Length], cancellationToken).AsTask());
            }

            await Task.WhenAll(reads).ConfigureAwait(false);
            return bytes;
        }
        catch
        {
            // Memory that a read may still write to must not be freed before that read has ended.
            await ((Task)Task.WhenAll(reads)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>The first byte of a range that was read.</summary>
    public unsafe byte* PointerTo(ChunkRange range)
    {
        foreach ((ChunkRange piece, NativeBuffer buffer) in _pieces)
        {
            if (range.Offset >= piece.Offset && range.End <= piece.End)
            {
                return buffer.Pointer + (range.Offset - piece.Offset);
            }
        }

        throw new InvalidOperationException($"The range of {range.Length:N0} bytes at byte {range.Offset:N0} was not read.");
    }

    public void Dispose()
    {
        foreach ((ChunkRange _, NativeBuffer buffer) in _pieces)
        {
            _spares.Give(buffer, _memory);
        }

        _pieces.Clear();
        HeldBytes = 0;
    }
}
