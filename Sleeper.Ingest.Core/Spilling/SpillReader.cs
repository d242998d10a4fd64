using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Loads the unsorted extents of a bucket, whole, into one piece of memory.</summary>
internal static unsafe class SpillReader
{
    /// <summary>The memory that <see cref="Load"/> reserves for these extents.</summary>
    public static long MemoryBytes(IReadOnlyList<SpillExtent> extents)
    {
        long bytes = SpillFormat.BlockHeaderBytes;
        foreach (SpillExtent extent in extents)
        {
            bytes += extent.RowBytes;
        }

        return bytes;
    }

    /// <summary>Loads the rows of the extents, one behind the other, in the order given.</summary>
    /// <exception cref="SpillCorruptException">A block is damaged, missing, or belongs somewhere else.</exception>
    /// <exception cref="IngestException">The disk failed.</exception>
    public static SpilledRows Load(IReadOnlyList<SpillExtent> extents, MemoryBudget memory)
    {
        NativeBuffer buffer = ReservedMemory.Take(memory, MemoryBytes(extents));
        try
        {
            nint filled = 0;
            long rowCount = 0;
            foreach (SpillExtent extent in extents)
            {
                filled = LoadExtent(extent, buffer.Pointer, filled, buffer.LengthBytes);
                rowCount += extent.RowCount;
            }

            return new SpilledRows(extents, buffer, filled, checked((int)rowCount));
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Each block is read 40 bytes too early, so that its header lies on the end of the rows before it and its rows lie where they belong;
    /// then the bytes under the header are put back. So each block takes one call, and its rows are not copied.
    /// </summary>
    private static nint LoadExtent(SpillExtent extent, byte* rows, nint filled, nint capacity)
    {
        var reader = new BlockReader(extent);
        byte* saved = stackalloc byte[SpillFormat.BlockHeaderBytes];
        while (true)
        {
            nint back = Math.Min(filled, SpillFormat.BlockHeaderBytes);
            byte* block = rows + filled - back;
            Buffer.MemoryCopy(block, saved, SpillFormat.BlockHeaderBytes, back);
            bool found = reader.TryRead(block, capacity - filled + back, out int length, out _);
            if (found && back < SpillFormat.BlockHeaderBytes)
            {
                // At the start there are fewer than 40 bytes before: the rows lie too late.
                Buffer.MemoryCopy(block + SpillFormat.BlockHeaderBytes, rows + filled, capacity - filled, length);
            }

            Buffer.MemoryCopy(saved, block, SpillFormat.BlockHeaderBytes, back);
            if (!found)
            {
                return filled;
            }

            filled += length;
        }
    }
}
