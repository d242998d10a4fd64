using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// width 3, values 0..7:      10001000 11000110 11111010      (bytes left to right, bits of a byte right to left:
//                            value 0 in bits 0..2, value 1 in bits 3..5, …)

/// <summary>
/// Packs numbers of a few bits each, one behind the other from the lowest bit up, as the hybrid and the delta encodings demand.
/// </summary>
/// <remarks>
/// One kernel without branches: the accumulator is written out whole each time and the target moves on by the bytes that are complete. So up
/// to 56 bits go per step; narrow numbers are paired first. The kernel writes up to 8 bytes past the last packed byte: room for
/// <see cref="Slack"/> bytes must follow.
/// </remarks>
internal static unsafe class BitPacker
{
    /// <summary>Bytes behind the packed ones that may be overwritten.</summary>
    public const int Slack = 8;

    private const int MaxFastWidth = 56;

    /// <summary>Packs <paramref name="count"/> numbers (a multiple of 8) and returns the byte behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Pack(uint* values, int count, int width, byte* target)
    {
        if (width > MaxFastWidth / 2)
        {
            return PackSingly(values, count, width, target);
        }

        ulong accumulator = 0;
        int bits = 0;
        if (width <= MaxFastWidth / 4)
        {
            for (int i = 0; i < count; i += 4)
            {
                ulong low = values[i] | ((ulong)values[i + 1] << width);
                ulong high = values[i + 2] | ((ulong)values[i + 3] << width);
                target = Put(low | (high << (2 * width)), 4 * width, target, ref accumulator, ref bits);
            }
        }
        else
        {
            for (int i = 0; i < count; i += 2)
            {
                target = Put(values[i] | ((ulong)values[i + 1] << width), 2 * width, target, ref accumulator, ref bits);
            }
        }

        return target;
    }

    /// <summary>Packs <paramref name="count"/> numbers (a multiple of 8) and returns the byte behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Pack(ulong* values, int count, int width, byte* target)
    {
        if (width > MaxFastWidth)
        {
            return PackWide(values, count, width, target);
        }

        ulong accumulator = 0;
        int bits = 0;
        if (width <= MaxFastWidth / 2)
        {
            for (int i = 0; i < count; i += 2)
            {
                target = Put(values[i] | (values[i + 1] << width), 2 * width, target, ref accumulator, ref bits);
            }
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                target = Put(values[i], width, target, ref accumulator, ref bits);
            }
        }

        return target;
    }

    /// <summary>The plain version: bit by bit.</summary>
    internal static byte[] PackPlainly(ReadOnlySpan<ulong> values, int width)
    {
        var packed = new byte[((values.Length * width) + 7) / 8];
        for (int i = 0; i < values.Length; i++)
        {
            for (int bit = 0; bit < width; bit++)
            {
                int at = (i * width) + bit;
                packed[at / 8] |= (byte)(((values[i] >> bit) & 1) << (at % 8));
            }
        }

        return packed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Put(ulong value, int width, byte* target, ref ulong accumulator, ref int bits)
    {
        ulong all = accumulator | (value << bits);
        *(ulong*)target = all;
        int end = bits + width;
        accumulator = all >> (end & ~7);
        bits = end & 7;
        return target + (end >> 3);
    }

    private static byte* PackSingly(uint* values, int count, int width, byte* target)
    {
        ulong accumulator = 0;
        int bits = 0;
        for (int i = 0; i < count; i++)
        {
            target = Put(values[i], width, target, ref accumulator, ref bits);
        }

        return target;
    }

    private static byte* PackWide(ulong* values, int count, int width, byte* target)
    {
        ulong accumulator = 0;
        int bits = 0;
        for (int i = 0; i < count; i++)
        {
            ulong value = values[i];
            accumulator |= value << bits;
            int end = bits + width;
            if (end >= 64)
            {
                *(ulong*)target = accumulator;
                target += 8;
                accumulator = bits == 0 ? 0 : value >> (64 - bits);
                end -= 64;
            }

            bits = end;
        }

        *(ulong*)target = accumulator;
        return target + (bits >> 3);
    }
}
