using System.Diagnostics.CodeAnalysis;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Decodes DELTA_BINARY_PACKED integers; the delta encodings of strings keep their lengths in it.</summary>
/// <remarks>
/// <code>
/// header    = ULEB128 values of a block, ULEB128 miniblocks of a block, ULEB128 total values, zigzag first value
/// block     = zigzag smallest delta, 1 byte width for each miniblock, miniblocks
/// miniblock = (values of a block / miniblocks) deltas minus the smallest, width bits each, lowest bit first
/// </code>
/// <para>Arithmetic wraps at 64 bits, which for 32-bit columns is the same as wrapping at 32. Reads from one miniblock at a time, so that a
/// claimed total costs nothing. Points into memory that its owner keeps alive. Mutable: keep it in a field.</para>
/// </remarks>
internal unsafe struct DeltaBlocksDecoder
{
    /// <summary>Deltas unpacked at a time.</summary>
    private const int BatchLength = 128;

    private const int MaxWidth = 64;

    private byte* _next;
    private byte* _limit;
    private ulong _miniblockValues;
    private int _miniblocksPerBlock;
    private long _left;
    private bool _firstIsNext;
    private long _last;
    private long _smallestDelta;
    private byte* _widths;
    private int _miniblock;
    private long _miniblockLeft;
    private int _width;
    private byte* _packed;
    private long _packedBit;

    /// <summary>Values not yet read.</summary>
    public readonly long Left => _left;

    /// <param name="start">The header.</param>
    /// <param name="length">Bytes that may belong to it and its blocks.</param>
    /// <param name="maxCount">More values than this are refused.</param>
    public void Reset(byte* start, int length, int maxCount)
    {
        this = default;
        _next = start;
        _limit = start + length;
        ulong blockValues = ReadVarInt();
        ulong miniblocks = ReadVarInt();
        ulong total = ReadVarInt();
        _last = ReadZigZag();
        if (blockValues == 0 || blockValues > int.MaxValue || miniblocks == 0 || blockValues % miniblocks != 0 || blockValues / miniblocks % 8 != 0)
        {
            throw new ParquetFormatException($"Delta-encoded values claim blocks of {blockValues:N0} values in {miniblocks:N0} miniblocks; a miniblock must hold a multiple of 8.");
        }

        if (total > (ulong)maxCount)
        {
            throw new ParquetFormatException($"Delta-encoded values claim to be {total:N0}, but their page has {maxCount:N0} values.");
        }

        _miniblockValues = blockValues / miniblocks;
        _miniblocksPerBlock = (int)miniblocks;
        _miniblock = _miniblocksPerBlock;
        _left = (long)total;
        _firstIsNext = total > 0;
    }

    public void Read(Span<long> destination)
    {
        ulong* deltas = stackalloc ulong[BatchLength];
        while (!destination.IsEmpty)
        {
            int count = Next(destination.Length, deltas);
            long last = _last;
            if (count < 0)
            {
                destination[0] = last;
                destination = destination[1..];
                continue;
            }

            ulong smallest = (ulong)_smallestDelta;
            for (int i = 0; i < count; i++)
            {
                last = (long)((ulong)last + smallest + deltas[i]);
                destination[i] = last;
            }

            _last = last;
            destination = destination[count..];
        }
    }

    public void Read(Span<int> destination)
    {
        ulong* deltas = stackalloc ulong[BatchLength];
        while (!destination.IsEmpty)
        {
            int count = Next(destination.Length, deltas);
            long last = _last;
            if (count < 0)
            {
                destination[0] = (int)last;
                destination = destination[1..];
                continue;
            }

            ulong smallest = (ulong)_smallestDelta;
            for (int i = 0; i < count; i++)
            {
                last = (long)((ulong)last + smallest + deltas[i]);
                destination[i] = (int)last;
            }

            _last = last;
            destination = destination[count..];
        }
    }

    /// <summary>Where the bytes after the last block begin, found without reading the values. The decoder stays where it is.</summary>
    public readonly byte* FindEnd()
    {
        DeltaBlocksDecoder walker = this;
        walker._left -= walker._firstIsNext ? 1 : 0;
        while (walker._left > 0)
        {
            walker.NextMiniblock();
            walker._left -= Math.Min(walker._left, walker._miniblockLeft);
            walker._miniblockLeft = 0;
        }

        return walker._next;
    }

    /// <summary>Takes the next deltas (without the smallest one) out of one miniblock; -1 means that the first value is next, which has none.</summary>
    private int Next(int wanted, ulong* deltas)
    {
        if (_left == 0)
        {
            throw new ParquetFormatException($"Delta-encoded values end with {wanted:N0} or more missing.");
        }

        if (_firstIsNext)
        {
            _firstIsNext = false;
            _left--;
            return -1;
        }

        if (_miniblockLeft == 0)
        {
            NextMiniblock();
        }

        int count = (int)Math.Min(Math.Min(wanted, BatchLength), Math.Min(_left, _miniblockLeft));
        if (_width == 0)
        {
            new Span<ulong>(deltas, count).Clear();
        }
        else
        {
            BitUnpacker.Unpack(_packed, _limit, _packedBit, _width, deltas, count);
            _packedBit += (long)count * _width;
        }

        _left -= count;
        _miniblockLeft -= count;
        return count;
    }

    private void NextMiniblock()
    {
        if (_miniblock == _miniblocksPerBlock)
        {
            _smallestDelta = ReadZigZag();
            if (_limit - _next < _miniblocksPerBlock)
            {
                ThrowEnded();
            }

            _widths = _next;
            _next += _miniblocksPerBlock;
            _miniblock = 0;
        }

        _width = _widths[_miniblock++];
        if (_width > MaxWidth)
        {
            throw new ParquetFormatException($"A miniblock claims deltas of {_width} bits; {MaxWidth} are the most.");
        }

        ulong byteCount = _miniblockValues * (ulong)_width / 8;
        if (byteCount > (ulong)(_limit - _next))
        {
            ThrowEnded();
        }

        _packed = _next;
        _packedBit = 0;
        _next += byteCount;
        _miniblockLeft = (long)_miniblockValues;
    }

    private long ReadZigZag()
    {
        ulong value = ReadVarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong ReadVarInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_next == _limit)
            {
                ThrowEnded();
            }

            byte next = *_next++;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new ParquetFormatException("A number in the head of delta-encoded values is longer than ten bytes.");
    }

    [DoesNotReturn]
    private readonly void ThrowEnded() =>
        throw new ParquetFormatException($"Delta-encoded values end inside a block, with {_left:N0} values missing.");
}
