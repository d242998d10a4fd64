using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>PLAIN values of a fixed width: 4 or 8 bytes little-endian into numbers, or any width as bytes. A block copy each time.</summary>
/// <param name="width">Bytes of a value, at least 1.</param>
/// <param name="limits">Bounds of a value and of one read.</param>
internal sealed unsafe class PlainFixedWidthDecoder(int width, ParquetReaderLimits limits) : ValueDecoder
{
    private byte* _next;
    private byte* _limit;

    public override void Reset(byte* start, int length, int maxCount)
    {
        _next = start;
        _limit = start + length;
    }

    public override void Decode(ColumnVector destination, int count)
    {
        long byteCount = (long)count * width;
        if (byteCount > _limit - _next)
        {
            throw new ParquetFormatException(
                $"A page has {_limit - _next:N0} bytes left for {count:N0} values of {width} bytes each.");
        }

        var source = new ReadOnlySpan<byte>(_next, (int)byteCount);
        int from = destination.ValueCount;
        switch (destination.Kind)
        {
            case VectorKind.Int32:
                destination.EnsureValues(count);
                source.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination.Ints.AsSpan(from, count)));
                break;
            case VectorKind.Int64:
                destination.EnsureValues(count);
                source.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination.Longs.AsSpan(from, count)));
                break;
            default:
                VectorRoom.EnsureBytes(destination, byteCount, limits);
                destination.EnsureValues(count);
                source.CopyTo(destination.Bytes.AsSpan(destination.ByteCount));
                int[] offsets = destination.Offsets;
                for (int i = 0; i < count; i++)
                {
                    offsets[from + i + 1] = offsets[from + i] + width;
                }

                break;
        }

        destination.ValueCount = from + count;
        _next += byteCount;
    }
}
