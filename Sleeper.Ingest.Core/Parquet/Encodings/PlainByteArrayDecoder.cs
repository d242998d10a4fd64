using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>PLAIN values of any length: u32 LE length, then the bytes, one value after the other.</summary>
internal sealed unsafe class PlainByteArrayDecoder(ParquetReaderLimits limits) : ValueDecoder
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
        if (count > (_limit - _next) / 4)
        {
            ThrowEnded(count);
        }

        destination.EnsureValues(count);
        int done = 0;
        while (done < count)
        {
            // Room for what the values would need if the rest of the page were spread evenly; a run of longer ones comes round again.
            long average = ((_limit - _next) / (count - done)) - 4;
            VectorRoom.EnsureBytes(destination, Math.Min((count - done) * Math.Clamp(average, 16, 64), _limit - _next), limits);
            done += DecodeWhileRoom(destination, count - done);
            if (done < count)
            {
                // The next value does not fit what is there: make room for it alone, so that the loop above always comes on.
                VectorRoom.EnsureBytes(destination, NextLength(count - done), limits);
            }
        }
    }

    /// <summary>Decodes until a value does not fit the vector's bytes, or <paramref name="count"/> are done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int DecodeWhileRoom(ColumnVector destination, int count)
    {
        int done = 0;
        byte* next = _next;
        byte* limit = _limit;
        uint maxValueBytes = (uint)limits.MaxValueBytes;
        fixed (byte* bytes = destination.Bytes)
        fixed (int* offsets = &destination.Offsets[destination.ValueCount])
        {
            int written = offsets[0];
            int room = destination.Bytes.Length - VectorRoom.Spare;
            while (done < count)
            {
                if (limit - next < 4)
                {
                    ThrowEnded(count - done);
                }

                uint length = Unsafe.ReadUnaligned<uint>(next);
                if (length > (ulong)(limit - next - 4) || length > maxValueBytes)
                {
                    ThrowLength(length, limit - next - 4);
                }

                if (length > (uint)(room - written))
                {
                    break;
                }

                next += 4;
                if (limit - next >= VectorRoom.Spare)
                {
                    VectorRoom.Copy(next, bytes + written, (int)length);
                }
                else
                {
                    Buffer.MemoryCopy(next, bytes + written, length, length);
                }

                next += length;
                written += (int)length;
                offsets[++done] = written;
            }
        }

        destination.ValueCount += done;
        _next = next;
        return done;
    }

    private int NextLength(int missing)
    {
        if (_limit - _next < 4)
        {
            ThrowEnded(missing);
        }

        return Unsafe.ReadUnaligned<int>(_next);
    }

    [DoesNotReturn]
    private static void ThrowEnded(int missing) =>
        throw new ParquetFormatException($"A page ends with {missing:N0} or more values missing.");

    [DoesNotReturn]
    private void ThrowLength(uint length, long left)
    {
        if (length <= left)
        {
            VectorRoom.ThrowValueTooLong(length, limits);
        }

        throw new ParquetFormatException($"A value claims {length:N0} bytes, but its page has {left:N0} left.");
    }
}
