using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// header  80 01 (128 values a block)  04 (miniblocks a block)  ULEB128 number of values  zigzag ULEB128 first value
// block   zigzag ULEB128 smallest delta   4 bit widths, one byte each   4 miniblocks of 32 × (delta - smallest), packed
// The last block: miniblocks without a value have width 0 and no bytes; one that is begun is filled up with zeros.

/// <summary>DELTA_BINARY_PACKED: differences of neighbours, less the block's smallest, in as many bits as the miniblock's largest needs.</summary>
/// <remarks>Deltas wrap around in the width of the type, as the format demands, so no value overflows.</remarks>
internal static unsafe class DeltaBinaryPackedEncoder
{
    private const int BlockValues = 128;
    private const int MiniblockValues = 32;
    private const int Miniblocks = BlockValues / MiniblockValues;
    private const int MaxHeaderBytes = 2 + 1 + 5 + 10;

    public static void Encode(ReadOnlySpan<long> values, ByteBuffer output)
    {
        WriteHeader(values.Length, values.Length == 0 ? 0 : values[0], output);
        if (values.Length < 2)
        {
            return;
        }

        Span<long> deltas = stackalloc long[BlockValues];
        fixed (long* source = values)
        fixed (long* target = deltas)
        {
            for (int at = 1; at < values.Length; at += BlockValues)
            {
                int count = Math.Min(BlockValues, values.Length - at);
                long smallest = count == BlockValues ? BlockDeltas(source + at, target) : PartialDeltas(source + at, count, target);
                WriteBlock(smallest, target, count, output);
            }
        }
    }

    public static void Encode(ReadOnlySpan<int> values, ByteBuffer output)
    {
        WriteHeader(values.Length, values.Length == 0 ? 0 : values[0], output);
        if (values.Length < 2)
        {
            return;
        }

        Span<int> deltas = stackalloc int[BlockValues];
        fixed (int* source = values)
        fixed (int* target = deltas)
        {
            for (int at = 1; at < values.Length; at += BlockValues)
            {
                int count = Math.Min(BlockValues, values.Length - at);
                int smallest = count == BlockValues ? BlockDeltas(source + at, target) : PartialDeltas(source + at, count, target);
                WriteBlock(smallest, target, count, output);
            }
        }
    }

    private static void WriteHeader(int count, long first, ByteBuffer output)
    {
        output.Reserve(MaxHeaderBytes);
        output.AppendVarInt(BlockValues);
        output.AppendVarInt(Miniblocks);
        output.AppendVarInt((uint)count);
        output.AppendZigZag(first);
    }

    /// <summary>Deltas of a whole block less its smallest delta, which is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long BlockDeltas(long* source, long* target)
    {
        Vector256<long> smallest = Vector256.Create(long.MaxValue);
        for (int i = 0; i < BlockValues; i += Vector256<long>.Count)
        {
            Vector256<long> delta = Vector256.Load(source + i) - Vector256.Load(source + i - 1);
            delta.Store(target + i);
            smallest = Vector256.Min(smallest, delta);
        }

        long result = Math.Min(Math.Min(smallest[0], smallest[1]), Math.Min(smallest[2], smallest[3]));
        for (int i = 0; i < BlockValues; i += Vector256<long>.Count)
        {
            (Vector256.Load(target + i) - Vector256.Create(result)).Store(target + i);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int BlockDeltas(int* source, int* target)
    {
        Vector256<int> smallest = Vector256.Create(int.MaxValue);
        for (int i = 0; i < BlockValues; i += Vector256<int>.Count)
        {
            Vector256<int> delta = Vector256.Load(source + i) - Vector256.Load(source + i - 1);
            delta.Store(target + i);
            smallest = Vector256.Min(smallest, delta);
        }

        Vector128<int> half = Vector128.Min(smallest.GetLower(), smallest.GetUpper());
        int result = Math.Min(Math.Min(half[0], half[1]), Math.Min(half[2], half[3]));
        for (int i = 0; i < BlockValues; i += Vector256<int>.Count)
        {
            (Vector256.Load(target + i) - Vector256.Create(result)).Store(target + i);
        }

        return result;
    }

    /// <summary>As for a whole block, one by one; the rest of the block is zeroed.</summary>
    private static T PartialDeltas<T>(T* source, int count, T* target)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T smallest = T.MaxValue;
        for (int i = 0; i < count; i++)
        {
            T delta = unchecked(source[i] - source[i - 1]);
            target[i] = delta;
            smallest = T.Min(smallest, delta);
        }

        for (int i = 0; i < count; i++)
        {
            target[i] = unchecked(target[i] - smallest);
        }

        new Span<T>(target + count, BlockValues - count).Clear();
        return smallest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteBlock(long smallest, long* deltas, int count, ByteBuffer output)
    {
        output.AppendZigZag(smallest);
        fixed (byte* start = output.Reserve(Miniblocks + (BlockValues * sizeof(long)) + BitPacker.Slack))
        {
            byte* target = start + Miniblocks;
            for (int i = 0; i < Miniblocks; i++)
            {
                long* miniblock = deltas + (i * MiniblockValues);
                Vector256<long> bits = Vector256<long>.Zero;
                for (int j = 0; j < MiniblockValues; j += Vector256<long>.Count)
                {
                    bits |= Vector256.Load(miniblock + j);
                }

                int width = 64 - BitOperations.LeadingZeroCount((ulong)(bits[0] | bits[1] | bits[2] | bits[3]));
                Debug.Assert(width == 0 || i * MiniblockValues < count, "A miniblock without a value holds something.");
                start[i] = (byte)width;
                target = BitPacker.Pack((ulong*)miniblock, width == 0 ? 0 : MiniblockValues, width, target);
            }

            output.Advance((int)(target - start));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteBlock(int smallest, int* deltas, int count, ByteBuffer output)
    {
        output.AppendZigZag(smallest);
        fixed (byte* start = output.Reserve(Miniblocks + (BlockValues * sizeof(int)) + BitPacker.Slack))
        {
            byte* target = start + Miniblocks;
            for (int i = 0; i < Miniblocks; i++)
            {
                int* miniblock = deltas + (i * MiniblockValues);
                Vector256<int> bits = Vector256.Load(miniblock) | Vector256.Load(miniblock + 8) | Vector256.Load(miniblock + 16) | Vector256.Load(miniblock + 24);
                Vector128<int> half = bits.GetLower() | bits.GetUpper();
                int width = 32 - BitOperations.LeadingZeroCount((uint)(half[0] | half[1] | half[2] | half[3]));
                Debug.Assert(width == 0 || i * MiniblockValues < count, "A miniblock without a value holds something.");
                start[i] = (byte)width;
                target = BitPacker.Pack((uint*)miniblock, width == 0 ? 0 : MiniblockValues, width, target);
            }

            output.Advance((int)(target - start));
        }
    }
}
