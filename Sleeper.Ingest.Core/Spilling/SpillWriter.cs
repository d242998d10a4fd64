using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Appends extents of buckets and sorted runs to a spill file, in large sequential writes.</summary>
/// <remarks>
/// Blocks are packed (<see cref="PackedRows"/>) where that saves an eighth of their bytes or more: disks are slower than that. They are gathered until
/// there are about 256 KiB to write; a slab of 64 KiB and more that stays raw goes out from where it lies. Everything of an extent or run is written when
/// its method returns. One caller at a time. Owns its buffer, reserved in the memory budget; does not own the
/// file. A failed write deletes the file and poisons the writer.
/// </remarks>
internal sealed unsafe class SpillWriter : IDisposable
{
    /// <summary>Larger writes gained nothing that could be measured; smaller ones cost more calls.</summary>
    private const int WriteBytes = 256 * 1024;

    /// <summary>From here on a call for the slab alone is cheaper than copying it.</summary>
    private const int DirectBytes = 64 * 1024;

    /// <summary>Sorted rows lie anywhere: so many of them are on their way from memory at a time.</summary>
    private const int PrefetchDistance = 16;

    private readonly SpillFile _file;
    private readonly NativeBuffer _buffer;
    private readonly int _blockBytes;

    /// <summary>Rows of a run lie so far behind their place in a raw block, and are packed towards it; 0 if nothing is packed.</summary>
    private readonly int _gapBytes;

    private int _filled;
    private uint _nextBlock;
    private ExtentBuilder _extent;

    /// <summary>Makes a writer; <see cref="BufferBytes"/> must be free in the budget.</summary>
    /// <param name="file">Where blocks go; still empty.</param>
    /// <param name="memory">The budget for the buffer.</param>
    /// <param name="blockBytes">Row bytes of a block of a sorted run; a reader holds one such block per run in memory.</param>
    /// <param name="packs">Whether blocks are packed, if the processor is quick at it.</param>
    public SpillWriter(SpillFile file, MemoryBudget memory, int blockBytes, bool packs = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        if (file.Length != 0)
        {
            throw new InvalidOperationException($"The spill file '{file.Path}' has a writer already. Make a new file for another writer.");
        }

        _file = file;
        _blockBytes = blockBytes;
        _gapBytes = packs && BitGathering.IsQuick ? PackedRows.GapBytes : 0;
        _buffer = ReservedMemory.Take(memory, BufferBytes(blockBytes));
        SpillFormat.WriteFileHeader(new Span<byte>(_buffer.Pointer, SpillFormat.FileHeaderBytes), file.Id);
        _filled = SpillFormat.FileHeaderBytes;
    }

    /// <summary>The memory that a writer takes.</summary>
    public static int BufferBytes(int blockBytes) =>
        WriteBytes + SpillFormat.FileHeaderBytes + SpillFormat.BlockHeaderBytes + PackedRows.GapBytes + Math.Max(blockBytes, DirectBytes);

    /// <summary>Writes rows of a bucket, a block per slab, in the order given.</summary>
    /// <returns>What a <see cref="SpillReader"/> needs to find them.</returns>
    /// <exception cref="IngestException">The disk or its budget is full, or the disk failed.</exception>
    public SpillExtent AppendExtent(uint bucket, ReadOnlySpan<RowSlab> slabs)
    {
        Begin(SpillKind.BucketExtent, bucket);
        foreach (RowSlab slab in slabs)
        {
            AppendBlock(slab.Rows, slab.Length, slab.RowCount);
        }

        return End();
    }

    /// <summary>Writes all that is left in a cursor as a sorted run. Does not dispose the cursor.</summary>
    /// <returns>What a <see cref="RunCursor"/> needs to find it.</returns>
    /// <exception cref="IngestException">The disk or its budget is full, or the disk failed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public SpillExtent AppendRun(uint run, IRowCursor rows)
    {
        Begin(SpillKind.SortedRun, run);
        int start = _filled;
        int rowCount = 0;
        while (rows.MoveNext(out RowEntry* entries, out int count))
        {
            nint last = count - 1;
            for (nint i = 0; i < count; i++)
            {
                Prefetch.Line(entries[Math.Min(i + PrefetchDistance, last)].Row);

                byte* row = entries[i].Row;
                int length = RowFormat.RowLength(row);
                int blockLength = rowCount == 0 ? 0 : _filled - start - SpillFormat.BlockHeaderBytes - _gapBytes;
                if (rowCount > 0 && blockLength + length > _blockBytes)
                {
                    CloseBlock(start, rowCount);
                    rowCount = 0;
                }

                if (length > _blockBytes)
                {
                    AppendBlock(row, length, 1);
                    continue;
                }

                if (rowCount == 0)
                {
                    start = _filled;
                    _filled += SpillFormat.BlockHeaderBytes + _gapBytes;
                }

                Buffer.MemoryCopy(row, _buffer.Pointer + _filled, length, length);
                _filled += length;
                rowCount++;
            }
        }

        if (rowCount > 0)
        {
            CloseBlock(start, rowCount);
        }

        return End();
    }

    public void Dispose() => _buffer.Dispose();

    private void Begin(SpillKind kind, uint owner) =>
        _extent = new ExtentBuilder { Kind = kind, Owner = owner, Offset = _file.Length + _filled, FirstBlock = _nextBlock };

    private SpillExtent End()
    {
        Flush();
        return new SpillExtent
        {
            File = _file,
            Kind = _extent.Kind,
            Owner = _extent.Owner,
            Offset = _extent.Offset,
            Length = _file.Length - _extent.Offset,
            RowBytes = _extent.RowBytes,
            RowCount = _extent.RowCount,
            FirstBlock = _extent.FirstBlock,
            BlockCount = (int)(_nextBlock - _extent.FirstBlock),
            LargestBlockBytes = _extent.LargestBlockBytes,
            LargestStoredBytes = _extent.LargestStoredBytes,
            LargestBlockRowCount = _extent.LargestBlockRowCount,
        };
    }

    private void AppendBlock(byte* rows, int length, int rowCount)
    {
        int packedLength = PackBehind(rows, length, rowCount);
        if (packedLength > 0)
        {
            byte* block = _buffer.Pointer + _filled;
            PutHeader(block, block + SpillFormat.BlockHeaderBytes, packedLength, length, rowCount);
            _filled += SpillFormat.BlockHeaderBytes + packedLength;
            FlushIfLarge();
            return;
        }

        PutHeader(_buffer.Pointer + _filled, rows, length, length, rowCount);
        _filled += SpillFormat.BlockHeaderBytes;
        if (length >= DirectBytes)
        {
            Flush();
            _file.Append(new ReadOnlySpan<byte>(rows, length));
            return;
        }

        Buffer.MemoryCopy(rows, _buffer.Pointer + _filled, length, length);
        _filled += length;
        FlushIfLarge();
    }

    /// <summary>Packs rows behind the room for a header after what is in the buffer. Returns the length, or 0 if they are to stay raw.</summary>
    private int PackBehind(byte* rows, int length, int rowCount)
    {
        long needed = SpillFormat.BlockHeaderBytes + (long)PackedRows.MaxLength(length) + PackedRows.SpareBytes;
        if (_gapBytes == 0 || rowCount < 2 || needed > _buffer.LengthBytes)
        {
            return 0;
        }

        if (_filled + needed > _buffer.LengthBytes)
        {
            Flush();
        }

        return PackedRows.Pack(rows, length, rowCount, _buffer.Pointer + _filled + SpillFormat.BlockHeaderBytes);
    }

    /// <summary>Completes the block of a run whose rows are in the buffer already, behind the room for its header and the gap.</summary>
    private void CloseBlock(int start, int rowCount)
    {
        byte* block = _buffer.Pointer + start;
        byte* stored = block + SpillFormat.BlockHeaderBytes;
        int length = _filled - start - SpillFormat.BlockHeaderBytes - _gapBytes;
        int storedLength = _gapBytes == 0 ? 0 : PackedRows.Pack(stored + _gapBytes, length, rowCount, stored);
        if (storedLength == 0)
        {
            Buffer.MemoryCopy(stored + _gapBytes, stored, length, length);
            storedLength = length;
        }

        PutHeader(block, stored, storedLength, length, rowCount);
        _filled = start + SpillFormat.BlockHeaderBytes + storedLength;
        FlushIfLarge();
    }

    private void PutHeader(byte* destination, byte* stored, int storedLength, int length, int rowCount)
    {
        SpillFormat.BlockHeader header = NextHeader(storedLength, length, rowCount);
        header.Checksum = SpillFormat.BlockChecksum(header, stored);
        *(SpillFormat.BlockHeader*)destination = header;
    }

    private SpillFormat.BlockHeader NextHeader(int storedLength, int length, int rowCount)
    {
        Debug.Assert(rowCount >= 0 && length >= 2 * rowCount, "A row takes two bytes at least.");
        _extent.RowBytes += length;
        _extent.RowCount += rowCount;
        _extent.LargestBlockBytes = Math.Max(_extent.LargestBlockBytes, length);
        _extent.LargestStoredBytes = Math.Max(_extent.LargestStoredBytes, storedLength);
        _extent.LargestBlockRowCount = Math.Max(_extent.LargestBlockRowCount, rowCount);
        return new SpillFormat.BlockHeader
        {
            Magic = SpillFormat.BlockMagic,
            Length = (uint)storedLength,
            RowLength = (uint)length,
            RowCount = (uint)rowCount,
            FileId = _file.Id,
            Sequence = _nextBlock++,
            Owner = _extent.Owner,
            Kind = _extent.Kind,
            Codec = storedLength < length ? SpillFormat.PackedCodec : SpillFormat.RawCodec,
        };
    }

    private void FlushIfLarge()
    {
        if (_filled >= WriteBytes)
        {
            Flush();
        }
    }

    private void Flush()
    {
        int filled = _filled;
        _filled = 0;
        if (filled > 0)
        {
            _file.Append(new ReadOnlySpan<byte>(_buffer.Pointer, filled));
        }
    }

    private struct ExtentBuilder
    {
        public SpillKind Kind;
        public uint Owner;
        public long Offset;
        public long RowBytes;
        public long RowCount;
        public uint FirstBlock;
        public int LargestBlockBytes;
        public int LargestStoredBytes;
        public int LargestBlockRowCount;
    }
}
