using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>DELTA_LENGTH_BYTE_ARRAY: all lengths (see <see cref="DeltaBlocksDecoder"/>), then all bytes without gaps.</summary>
internal sealed unsafe class DeltaLengthByteArrayDecoder(ParquetReaderLimits limits) : ValueDecoder
{
    private const int BatchLength = 512;

    private readonly int[] _lengths = new int[BatchLength];
    private DeltaBlocksDecoder _lengthBlocks;
    private byte* _next;
    private byte* _limit;

    public override void Reset(byte* start, int length, int maxCount)
    {
        _next = start;
        _limit = start + length;
        if (length == 0)
        {
            _lengthBlocks = default;
            return;
        }

        _lengthBlocks.Reset(start, length, maxCount);
        _next = _lengthBlocks.FindEnd();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Decode(ColumnVector destination, int count)
    {
        destination.EnsureValues(count);
        for (int done = 0; done < count;)
        {
            ReadOnlySpan<int> lengths = ReadLengths(count - done);
            long total = TotalLength(lengths);
            VectorRoom.EnsureBytes(destination, total, limits);
            int written = destination.ByteCount;
            new ReadOnlySpan<byte>(_next, (int)total).CopyTo(destination.Bytes.AsSpan(written));
            Span<int> offsets = destination.Offsets.AsSpan(destination.ValueCount + 1, lengths.Length);
            for (int i = 0; i < lengths.Length; i++)
            {
                written += lengths[i];
                offsets[i] = written;
            }

            _next += total;
            destination.ValueCount += lengths.Length;
            done += lengths.Length;
        }
    }

    /// <summary>The lengths of the next values, as many as go at a time and not more than wanted; the values are then taken by <see cref="CopyNext"/>.</summary>
    public ReadOnlySpan<int> ReadLengths(int wanted)
    {
        Span<int> lengths = _lengths.AsSpan(0, Math.Min(BatchLength, wanted));
        _lengthBlocks.Read(lengths);
        return lengths;
    }

    /// <summary>The sum of lengths, each checked, all together inside the page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long TotalLength(ReadOnlySpan<int> lengths)
    {
        long total = 0;
        foreach (int length in lengths)
        {
            if ((uint)length > (uint)limits.MaxValueBytes)
            {
                VectorRoom.ThrowValueTooLong(length, limits);
            }

            total += length;
        }

        if (total > _limit - _next)
        {
            ThrowEnded(total);
        }

        return total;
    }

    /// <summary>Copies the next bytes, of which <see cref="TotalLength"/> has checked that they are there; <see cref="VectorRoom.Spare"/> more may be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyNext(byte* destination, int length)
    {
        if (_limit - _next >= VectorRoom.Spare)
        {
            VectorRoom.Copy(_next, destination, length);
        }
        else
        {
            Buffer.MemoryCopy(_next, destination, length, length);
        }

        _next += length;
    }

    [DoesNotReturn]
    private void ThrowEnded(long total) =>
        throw new ParquetFormatException($"Values claim {total:N0} bytes together, but their page has {_limit - _next:N0} left.");
}
