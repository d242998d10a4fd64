using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes of all values, and so on.</summary>
/// <param name="width">Bytes of a value, at least 1.</param>
/// <param name="limits">Bounds of a value and of one read.</param>
internal sealed unsafe class ByteStreamSplitDecoder(int width, ParquetReaderLimits limits) : ValueDecoder
{
    private byte* _start;
    private int _valueCount;
    private int _next;

    public override void Reset(byte* start, int length, int maxCount)
    {
        if (length % width != 0)
        {
            throw new ParquetFormatException($"A page of split byte streams has {length:N0} bytes, which is no multiple of the {width} bytes of a value.");
        }

        _start = start;
        _valueCount = length / width;
        _next = 0;
    }

    public override void Decode(ColumnVector destination, int count)
    {
        if (count > _valueCount - _next)
        {
            throw new ParquetFormatException($"A page has {_valueCount - _next:N0} values left where {count:N0} are needed.");
        }

        int from = destination.ValueCount;
        byte* source = _start + _next;
        if (destination.Kind == VectorKind.Bytes)
        {
            VectorRoom.EnsureBytes(destination, (long)count * width, limits);
            destination.EnsureValues(count);
            fixed (byte* target = &destination.Bytes[destination.ByteCount])
            {
                Join(source, target, count);
            }

            int[] offsets = destination.Offsets;
            for (int i = from; i < from + count; i++)
            {
                offsets[i + 1] = offsets[i] + width;
            }
        }
        else
        {
            destination.EnsureValues(count);
            ref byte first = ref destination.Kind == VectorKind.Int32
                ? ref Unsafe.As<int, byte>(ref destination.Ints[from])
                : ref Unsafe.As<long, byte>(ref destination.Longs[from]);
            fixed (byte* target = &first)
            {
                Join(source, target, count);
            }
        }

        destination.ValueCount = from + count;
        _next += count;
    }

    private void Join(byte* source, byte* target, int count)
    {
        for (int b = 0; b < width; b++)
        {
            byte* stream = source + ((long)b * _valueCount);
            byte* to = target + b;
            for (int i = 0; i < count; i++, to += width)
            {
                *to = stream[i];
            }
        }
    }
}
