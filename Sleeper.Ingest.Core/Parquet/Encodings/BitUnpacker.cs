using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Takes values of a fixed width in bits out of packed bytes, lowest bit first, as the RLE hybrid and the delta encodings pack them.</summary>
/// <remarks>
/// One unaligned 8-byte load, a shift and a mask give a value of up to 57 bits. Loads that would pass <c>limit</c> are put together from
/// single bytes. The caller has checked that the bits themselves lie before <c>limit</c>.
/// </remarks>
internal static unsafe class BitUnpacker
{
    /// <summary>Widths up to this come with one load, whatever bit they begin at.</summary>
    private const int OneLoadWidth = 57;

    /// <summary>A value of this width and the seven bits that may lie before it fill 32 bits.</summary>
    private const int ShuffledWidth = 25;

    /// <summary>Values of up to 8 bits into bytes: levels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* source, byte* limit, long firstBit, int width, byte* destination, int count)
    {
        Debug.Assert(width is > 0 and <= 8 && InRange(source, limit, firstBit, width, count));
        uint mask = (1u << width) - 1;
        int i = 0;
        if (Bmi2.X64.IsSupported)
        {
            // Eight values are exactly `width` bytes, so from a whole byte on, eight are spread over eight bytes by one instruction.
            for (; i < count && (firstBit & 7) != 0; i++, firstBit += width)
            {
                destination[i] = (byte)(Load(source, limit, firstBit) & mask);
            }

            ulong spread = 0x0101010101010101UL * mask;
            byte* at = source + (firstBit >> 3);
            for (; i + 8 <= count && limit - at >= 8; i += 8, at += width, firstBit += 8 * width)
            {
                Unsafe.WriteUnaligned(destination + i, Bmi2.X64.ParallelBitDeposit(Unsafe.ReadUnaligned<ulong>(at), spread));
            }
        }

        for (; i < count; i++, firstBit += width)
        {
            destination[i] = (byte)(Load(source, limit, firstBit) & mask);
        }
    }

    /// <summary>Values of up to 32 bits into integers: dictionary indexes, booleans.</summary>
    public static void Unpack(byte* source, byte* limit, long firstBit, int width, int* destination, int count)
    {
        Debug.Assert(width is > 0 and <= 32 && InRange(source, limit, firstBit, width, count));
        int done = Avx2.IsSupported && width <= ShuffledWidth ? UnpackShuffled(source, limit, firstBit, width, destination, count) : 0;
        UnpackOneByOne(source, limit, firstBit + ((long)done * width), width, destination + done, count - done);
    }

    /// <summary>The way that every processor can go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void UnpackOneByOne(byte* source, byte* limit, long firstBit, int width, int* destination, int count)
    {
        ulong mask = (1UL << width) - 1;
        int fast = WholeLoads(source, limit, firstBit, width, count);
        int i = 0;
        for (; i < fast; i++, firstBit += width)
        {
            destination[i] = (int)((Unsafe.ReadUnaligned<ulong>(source + (firstBit >> 3)) >> (int)(firstBit & 7)) & mask);
        }

        for (; i < count; i++, firstBit += width)
        {
            destination[i] = (int)(Load(source, limit, firstBit) & mask);
        }
    }

    /// <summary>
    /// Eight values at a time, which are exactly <paramref name="width"/> bytes: for each, the four bytes that it lies in are brought together, shifted and
    /// masked. Alone, 0.1 ns a value where <see cref="UnpackOneByOne"/> takes 0.7. Returns how many values were done: not those at the end for which a whole load would pass the limit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int UnpackShuffled(byte* source, byte* limit, long firstBit, int width, int* destination, int count)
    {
        int i = 0;
        for (; i < count && (firstBit & 7) != 0; i++, firstBit += width)
        {
            destination[i] = (int)(Load(source, limit, firstBit) & ((1UL << width) - 1));
        }

        // The upper four values begin half of `width` bytes further on, which for odd widths is four bits into a byte.
        int upper = 4 * width >> 3;
        Vector256<int> bits = (Vector256.Create(0, 1, 2, 3, 0, 1, 2, 3) * width) + Vector256.Create(Vector128<int>.Zero, Vector128.Create(4 * width & 7));
        Vector256<byte> bytes = (((bits >>> 3) * 0x01010101) + Vector256.Create(0x03020100)).AsByte();
        Vector256<uint> shifts = (bits & Vector256.Create(7)).AsUInt32();
        Vector256<uint> mask = Vector256.Create((1u << width) - 1);
        byte* at = source + (firstBit >> 3);
        for (; i + 8 <= count && limit - at >= upper + 16; i += 8, at += width)
        {
            Vector256<byte> loaded = Vector256.Create(Vector128.Load(at), Vector128.Load(at + upper));
            (Avx2.ShiftRightLogicalVariable(Avx2.Shuffle(loaded, bytes).AsUInt32(), shifts) & mask).Store((uint*)destination + i);
        }

        return i;
    }

    /// <summary>Values of up to 64 bits: deltas.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* source, byte* limit, long firstBit, int width, ulong* destination, int count)
    {
        Debug.Assert(width is > 0 and <= 64 && InRange(source, limit, firstBit, width, count));
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int i = 0;
        if (width <= OneLoadWidth)
        {
            int fast = WholeLoads(source, limit, firstBit, width, count);
            for (; i < fast; i++, firstBit += width)
            {
                destination[i] = (Unsafe.ReadUnaligned<ulong>(source + (firstBit >> 3)) >> (int)(firstBit & 7)) & mask;
            }
        }

        for (; i < count; i++, firstBit += width)
        {
            int shift = (int)(firstBit & 7);
            ulong value = Load(source, limit, firstBit);
            if (shift + width > 64)
            {
                value |= (ulong)source[(firstBit >> 3) + 8] << (64 - shift);
            }

            destination[i] = value & mask;
        }
    }

    /// <summary>How many values, from the first on, an 8-byte load gives without passing the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int WholeLoads(byte* source, byte* limit, long firstBit, int width, int count)
    {
        long lastBit = ((limit - source - 8) * 8) + 7;
        return lastBit < firstBit ? 0 : (int)Math.Min(count, ((lastBit - firstBit) / width) + 1);
    }

    /// <summary>The bits from <paramref name="bit"/> on, as many as 8 bytes hold; zeros stand for what lies past the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Load(byte* source, byte* limit, long bit)
    {
        byte* at = source + (bit >> 3);
        ulong bits = 0;
        if (limit - at >= 8)
        {
            bits = Unsafe.ReadUnaligned<ulong>(at);
        }
        else
        {
            for (int i = 0; at + i < limit; i++)
            {
                bits |= (ulong)at[i] << (8 * i);
            }
        }

        return bits >> (int)(bit & 7);
    }

    private static bool InRange(byte* source, byte* limit, long firstBit, int width, int count) =>
        firstBit + ((long)width * count) <= (limit - source) * 8;
}
