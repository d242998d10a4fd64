using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// lengths of prefixes shared with the value before, DELTA_BINARY_PACKED (INT32)   the rest of each value, DELTA_LENGTH_BYTE_ARRAY

/// <summary>DELTA_BYTE_ARRAY: each value without what it shares with the one before. Made for sorted columns.</summary>
/// <remarks>
/// Prefixes are found eight bytes at a time: the lowest bit that differs tells the byte. Suffixes are copied 16 bytes at a time, whatever
/// their length; the next copy overwrites the surplus. Close to the end of the source, where that would read past it, the plain way is taken.
/// </remarks>
internal static unsafe class DeltaByteArrayEncoder
{
    private const int Stride = 16;

    public static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, EncoderScratch scratch, ByteBuffer output)
    {
        int count = offsets.Length - 1;
        Span<int> prefixes = EncoderScratch.Ints(ref scratch.First, count);
        Span<int> suffixes = EncoderScratch.Ints(ref scratch.Second, count);
        int suffixBytes = FindPrefixes(bytes, offsets, prefixes, suffixes);
        DeltaBinaryPackedEncoder.Encode(prefixes, output);
        DeltaBinaryPackedEncoder.Encode(suffixes, output);
        CopySuffixes(bytes, offsets, prefixes, suffixes, output.Reserve(suffixBytes + Stride));
        output.Advance(suffixBytes);
    }

    /// <summary>Splits each value and returns the bytes of all suffixes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int FindPrefixes(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, Span<int> prefixes, Span<int> suffixes)
    {
        int count = offsets.Length - 1;
        if (count == 0)
        {
            return 0;
        }

        prefixes[0] = 0;
        suffixes[0] = offsets[1] - offsets[0];
        int total = suffixes[0];
        int i = 1;
        fixed (byte* source = bytes)
        fixed (int* offset = offsets)
        fixed (int* prefix = prefixes)
        fixed (int* suffix = suffixes)
        {
            for (; i < count && offset[i + 1] + sizeof(ulong) <= bytes.Length; i++)
            {
                byte* before = source + offset[i - 1];
                byte* value = source + offset[i];
                int length = offset[i + 1] - offset[i];
                int shared = SharedPrefix(before, value, Math.Min(length, offset[i] - offset[i - 1]));
                prefix[i] = shared;
                suffix[i] = length - shared;
                total += length - shared;
            }
        }

        for (; i < count; i++)
        {
            ReadOnlySpan<byte> value = bytes[offsets[i]..offsets[i + 1]];
            prefixes[i] = bytes[offsets[i - 1]..offsets[i]].CommonPrefixLength(value);
            suffixes[i] = value.Length - prefixes[i];
            total += suffixes[i];
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SharedPrefix(byte* a, byte* b, int most)
    {
        int at = 0;
        while (true)
        {
            ulong difference = *(ulong*)(a + at) ^ *(ulong*)(b + at);
            if (difference != 0)
            {
                return Math.Min(most, at + (BitOperations.TrailingZeroCount(difference) >> 3));
            }

            at += sizeof(ulong);
            if (at >= most)
            {
                return most;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopySuffixes(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, ReadOnlySpan<int> prefixes, ReadOnlySpan<int> suffixes, Span<byte> target)
    {
        int i = 0;
        int count = prefixes.Length;
        int copied = 0;
        fixed (byte* source = bytes)
        fixed (byte* to = target)
        fixed (int* offset = offsets)
        fixed (int* prefix = prefixes)
        fixed (int* suffix = suffixes)
        {
            for (; i < count && offset[i + 1] + Stride <= bytes.Length; i++)
            {
                byte* from = source + offset[i] + prefix[i];
                int length = suffix[i];
                Vector128.Load(from).Store(to + copied);
                if (length > Stride)
                {
                    new ReadOnlySpan<byte>(from + Stride, length - Stride).CopyTo(new Span<byte>(to + copied + Stride, length - Stride));
                }

                copied += length;
            }
        }

        for (; i < count; i++)
        {
            bytes.Slice(offsets[i] + prefixes[i], suffixes[i]).CopyTo(target[copied..]);
            copied += suffixes[i];
        }
    }
}
