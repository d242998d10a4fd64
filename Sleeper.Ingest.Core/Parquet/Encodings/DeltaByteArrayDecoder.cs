using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>
/// DELTA_BYTE_ARRAY: the lengths of the prefixes shared with the value before (see <see cref="DeltaBlocksDecoder"/>), then the suffixes as
/// DELTA_LENGTH_BYTE_ARRAY.
/// </summary>
/// <param name="typeLength">The length each value must have (FIXED_LEN_BYTE_ARRAY), or 0.</param>
/// <param name="limits">Bounds of a value and of one read.</param>
internal sealed unsafe class DeltaByteArrayDecoder(int typeLength, ParquetReaderLimits limits) : ValueDecoder
{
    private const int BatchLength = 512;

    private readonly DeltaLengthByteArrayDecoder _suffixes = new(limits);
    private readonly int[] _prefixLengths = new int[BatchLength];
    private DeltaBlocksDecoder _prefixes;
    private byte[] _last = new byte[2 * VectorRoom.Spare];
    private int _lastLength;

    public override void Reset(byte* start, int length, int maxCount)
    {
        _lastLength = 0;
        _prefixes = default;
        byte* suffixes = start;
        if (length > 0)
        {
            _prefixes.Reset(start, length, maxCount);
            suffixes = _prefixes.FindEnd();
        }

        _suffixes.Reset(suffixes, (int)(start + length - suffixes), maxCount);
    }

    public override void Decode(ColumnVector destination, int count)
    {
        destination.EnsureValues(count);
        for (int done = 0; done < count;)
        {
            ReadOnlySpan<int> suffixLengths = _suffixes.ReadLengths(Math.Min(BatchLength, count - done));
            Span<int> prefixLengths = _prefixLengths.AsSpan(0, suffixLengths.Length);
            _prefixes.Read(prefixLengths);
            long total = _suffixes.TotalLength(suffixLengths) + TotalPrefixLength(prefixLengths, suffixLengths);
            VectorRoom.EnsureBytes(destination, total, limits);
            Append(destination, prefixLengths, suffixLengths);
            done += suffixLengths.Length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long TotalPrefixLength(ReadOnlySpan<int> prefixLengths, ReadOnlySpan<int> suffixLengths)
    {
        long total = 0;
        int lastLength = _lastLength;
        for (int i = 0; i < prefixLengths.Length; i++)
        {
            int prefixLength = prefixLengths[i];
            if ((uint)prefixLength > (uint)lastLength)
            {
                ThrowPrefix(prefixLength, lastLength);
            }

            // Both are at most the longest value, so the sum stays a number.
            lastLength = prefixLength + suffixLengths[i];
            if (lastLength > limits.MaxValueBytes)
            {
                VectorRoom.ThrowValueTooLong(lastLength, limits);
            }

            if (typeLength != 0 && lastLength != typeLength)
            {
                throw new ParquetFormatException($"A value has {lastLength:N0} bytes; its column's type has {typeLength:N0}.");
            }

            total += prefixLength;
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Append(ColumnVector destination, ReadOnlySpan<int> prefixLengths, ReadOnlySpan<int> suffixLengths)
    {
        fixed (byte* bytes = destination.Bytes)
        fixed (byte* kept = _last)
        fixed (int* offsets = &destination.Offsets[destination.ValueCount])
        {
            byte* last = kept;
            byte* value = bytes + offsets[0];
            for (int i = 0; i < prefixLengths.Length; i++)
            {
                // The prefix may spill over what follows it, which is written next.
                VectorRoom.Copy(last, value, prefixLengths[i]);
                _suffixes.CopyNext(value + prefixLengths[i], suffixLengths[i]);
                last = value;
                value += prefixLengths[i] + suffixLengths[i];
                offsets[i + 1] = (int)(value - bytes);
            }

            KeepLast(new ReadOnlySpan<byte>(last, (int)(value - last)));
        }

        destination.ValueCount += prefixLengths.Length;
    }

    /// <summary>The vector may be emptied before the next call, so the value that the next one builds on is kept here, with bytes to spare behind it.</summary>
    private void KeepLast(ReadOnlySpan<byte> value)
    {
        if (_last.Length < value.Length + VectorRoom.Spare)
        {
            _last = new byte[(2 * value.Length) + VectorRoom.Spare];
        }

        value.CopyTo(_last);
        _lastLength = value.Length;
    }

    [DoesNotReturn]
    private static void ThrowPrefix(int prefixLength, int lastLength) =>
        throw new ParquetFormatException($"A value claims {prefixLength:N0} bytes of the value before it, which has {lastLength:N0}.");
}
