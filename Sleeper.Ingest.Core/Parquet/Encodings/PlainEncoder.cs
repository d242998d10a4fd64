using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// INT32, FLOAT            4 bytes LE each
// INT64, DOUBLE           8 bytes LE each
// BYTE_ARRAY              4 bytes LE length, bytes
// FIXED_LEN_BYTE_ARRAY, INT96   bytes
// BOOLEAN                 one bit each, lowest first, the last byte filled up with zeros

/// <summary>PLAIN: values one behind the other.</summary>
internal static unsafe class PlainEncoder
{
    private const int Stride = 16;

    public static void EncodeInts(ReadOnlySpan<int> values, ByteBuffer output)
    {
        Span<byte> target = output.Reserve(checked(4 * values.Length));
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(target);
        }
        else
        {
            BinaryPrimitives.ReverseEndianness(values, MemoryMarshal.Cast<byte, int>(target));
        }

        output.Advance(4 * values.Length);
    }

    public static void EncodeLongs(ReadOnlySpan<long> values, ByteBuffer output)
    {
        Span<byte> target = output.Reserve(checked(8 * values.Length));
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(target);
        }
        else
        {
            BinaryPrimitives.ReverseEndianness(values, MemoryMarshal.Cast<byte, long>(target));
        }

        output.Advance(8 * values.Length);
    }

    /// <summary>BYTE_ARRAY; value i is <c>bytes[offsets[i]..offsets[i + 1]]</c>.</summary>
    public static void EncodeByteArrays(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, ByteBuffer output)
    {
        int count = offsets.Length - 1;
        int total = checked((4 * count) + offsets[count] - offsets[0]);
        Span<byte> target = output.Reserve(checked(total + Stride));
        int i = 0;
        int written = 0;
        if (BitConverter.IsLittleEndian)
        {
            fixed (byte* source = bytes)
            fixed (int* offset = offsets)
            fixed (byte* to = target)
            {
                // 16 bytes are copied whatever the length; the next value overwrites the surplus. Near the end of the source this would read past it.
                for (; i < count && offset[i] + Stride <= bytes.Length; i++)
                {
                    byte* value = source + offset[i];
                    int length = offset[i + 1] - offset[i];
                    *(int*)(to + written) = length;
                    Vector128.Load(value).Store(to + written + sizeof(int));
                    if (length > Stride)
                    {
                        new ReadOnlySpan<byte>(value, length).CopyTo(new Span<byte>(to + written + sizeof(int), length));
                    }

                    written += sizeof(int) + length;
                }
            }
        }

        for (; i < count; i++)
        {
            int length = offsets[i + 1] - offsets[i];
            BinaryPrimitives.WriteInt32LittleEndian(target[written..], length);
            bytes.Slice(offsets[i], length).CopyTo(target[(written + sizeof(int))..]);
            written += sizeof(int) + length;
        }

        output.Advance(total);
    }

    /// <summary>FIXED_LEN_BYTE_ARRAY and INT96: the bytes as they lie.</summary>
    public static void EncodeFixed(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, ByteBuffer output) =>
        output.Append(bytes[offsets[0]..offsets[^1]]);

    /// <summary>BOOLEAN from 0 and 1.</summary>
    public static void EncodeBooleans(ReadOnlySpan<int> values, ByteBuffer output)
    {
        int length = (values.Length + 7) / 8;
        Span<byte> target = output.Reserve(length)[..length];
        target.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            target[i >> 3] |= (byte)((values[i] & 1) << (i & 7));
        }

        output.Advance(length);
    }
}
