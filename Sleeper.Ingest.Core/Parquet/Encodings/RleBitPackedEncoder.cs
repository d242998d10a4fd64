using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// run of one value    ULEB128 (count << 1)          the value in (width + 7) / 8 bytes LE
// packed values       ULEB128 (groups of 8 << 1 | 1)   groups × width bytes, packed from the lowest bit up; the last group filled up with zeros

/// <summary>The hybrid of run lengths and bit packing, for levels and dictionary indexes.</summary>
/// <remarks>A run is taken if at least eight of its values are left after the group of eight before it is filled up.</remarks>
internal static class RleBitPackedEncoder
{
    private const int Group = 8;
    private const int Chunk = 256;

    /// <summary>Bits that numbers up to <paramref name="largest"/> need.</summary>
    public static int WidthOf(int largest) => 32 - int.LeadingZeroCount(largest);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EncodeLevels(ReadOnlySpan<byte> levels, int width, ByteBuffer output)
    {
        int packedFrom = 0;
        for (int at = FindRun(levels, 0); at < levels.Length;)
        {
            int end = FindEnd(levels, at);
            int fill = -(at - packedFrom) & (Group - 1);
            if (end - at - fill >= Group)
            {
                PackLevels(levels[packedFrom..(at + fill)], width, output);
                WriteRun(end - at - fill, levels[at], width, output);
                packedFrom = end;
            }

            at = FindRun(levels, end);
        }

        PackLevels(levels[packedFrom..], width, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EncodeIndexes(ReadOnlySpan<int> indexes, int width, ByteBuffer output)
    {
        int packedFrom = 0;
        for (int at = FindRun(indexes, 0); at < indexes.Length;)
        {
            int end = FindEnd(indexes, at);
            int fill = -(at - packedFrom) & (Group - 1);
            if (end - at - fill >= Group)
            {
                PackIndexes(indexes[packedFrom..(at + fill)], width, output);
                WriteRun(end - at - fill, indexes[at], width, output);
                packedFrom = end;
            }

            at = FindRun(indexes, end);
        }

        PackIndexes(indexes[packedFrom..], width, output);
    }

    /// <summary>Where the next run of at least eight begins, at or behind a place where one value ends and another begins; the length if there is none.</summary>
    /// <remarks>Shorter runs are never taken. With a fifth of nulls, looking at each took 3 ns a level.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe int FindRun<T>(ReadOnlySpan<T> values, int from)
        where T : unmanaged, IEquatable<T>
    {
        const int Window = 64;
        fixed (T* start = values)
        {
            for (; from < values.Length - Window; from += Window - Group + 2)
            {
                ulong equal = EqualsNext(start + from);

                // Two equal neighbours, four, seven: eight values.
                equal &= equal >> 1;
                equal &= equal >> 2;
                equal &= equal >> 3;
                if (equal != 0)
                {
                    return from + BitOperations.TrailingZeroCount(equal);
                }
            }
        }

        int run = 1;
        for (int at = from + 1; at < values.Length; at++)
        {
            run = values[at].Equals(values[at - 1]) ? run + 1 : 1;
            if (run == Group)
            {
                return at + 1 - Group;
            }
        }

        return values.Length;
    }

    /// <summary>A bit for each of 64 values, set if the next one is equal; 65 are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ulong EqualsNext<T>(T* values)
        where T : unmanaged
    {
        ulong equal = 0;
        for (int at = 0; at < 64; at += Vector256<T>.Count)
        {
            equal |= (ulong)Vector256.Equals(Vector256.Load(values + at), Vector256.Load(values + at + 1)).ExtractMostSignificantBits() << at;
        }

        return equal;
    }

    /// <summary>Where a run of at least eight ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindEnd<T>(ReadOnlySpan<T> values, int start)
        where T : unmanaged, IEquatable<T>
    {
        T value = values[start];
        Vector256<T> same = Vector256.Create(value);
        int end = start + Group;
        for (; end <= values.Length - Vector256<T>.Count; end += Vector256<T>.Count)
        {
            uint others = ~Vector256.Equals(Vector256.Create(values[end..]), same).ExtractMostSignificantBits() & (uint)((1UL << Vector256<T>.Count) - 1);
            if (others != 0)
            {
                return end + BitOperations.TrailingZeroCount(others);
            }
        }

        while (end < values.Length && values[end].Equals(value))
        {
            end++;
        }

        return end;
    }

    private static void WriteRun(int count, int value, int width, ByteBuffer output)
    {
        output.AppendVarInt((ulong)count << 1);
        for (int bit = 0; bit < width; bit += 8)
        {
            output.Append((byte)(value >> bit));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void PackLevels(ReadOnlySpan<byte> levels, int width, ByteBuffer output)
    {
        WriteGroupCount(levels.Length, output);
        if (width is not (1 or 2))
        {
            PackWideLevels(levels, width, output);
            return;
        }

        int groups = (levels.Length + Group - 1) / Group;
        fixed (byte* target = output.Reserve((groups * width) + sizeof(ushort)))
        {
            byte* next = target;
            for (; levels.Length >= Group; levels = levels[Group..])
            {
                next = PackGroup(Unsafe.ReadUnaligned<ulong>(ref MemoryMarshal.GetReference(levels)), width, next);
            }

            if (!levels.IsEmpty)
            {
                ulong last = 0;
                levels.CopyTo(new Span<byte>(&last, Group));
                PackGroup(last, width, next);
            }
        }

        output.Advance(groups * width);
    }

    /// <summary>Eight levels of one or two bits at once; writes two bytes in any case.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe byte* PackGroup(ulong levels, int width, byte* target)
    {
        if (width == 1)
        {
            // Bit 0 of byte i goes to bit 56 + i.
            levels = (levels * 0x0102_0408_1020_4080) >> 56;
        }
        else
        {
            levels = (levels | (levels >> 6)) & 0x000F_000F_000F_000F;
            levels = (levels | (levels >> 12)) & 0x0000_00FF_0000_00FF;
            levels |= levels >> 24;
        }

        Unsafe.WriteUnaligned(target, (ushort)levels);
        return target + width;
    }

    private static unsafe void PackWideLevels(ReadOnlySpan<byte> levels, int width, ByteBuffer output)
    {
        Span<uint> chunk = stackalloc uint[Chunk];
        while (!levels.IsEmpty)
        {
            int count = Math.Min(Chunk, levels.Length);
            for (int i = 0; i < count; i++)
            {
                chunk[i] = levels[i];
            }

            PackChunk(chunk, count, width, output);
            levels = levels[count..];
        }
    }

    private static unsafe void PackIndexes(ReadOnlySpan<int> indexes, int width, ByteBuffer output)
    {
        WriteGroupCount(indexes.Length, output);
        int whole = indexes.Length & ~(Group - 1);
        if (whole > 0)
        {
            fixed (int* source = indexes)
            fixed (byte* target = output.Reserve((whole / Group * width) + BitPacker.Slack))
            {
                output.Advance((int)(BitPacker.Pack((uint*)source, whole, width, target) - target));
            }
        }

        if (whole < indexes.Length)
        {
            Span<uint> last = stackalloc uint[Group];
            for (int i = whole; i < indexes.Length; i++)
            {
                last[i - whole] = (uint)indexes[i];
            }

            PackChunk(last, indexes.Length - whole, width, output);
        }
    }

    private static void WriteGroupCount(int values, ByteBuffer output)
    {
        if (values > 0)
        {
            output.AppendVarInt(((ulong)(values + Group - 1) / Group << 1) | 1);
        }
    }

    /// <summary>Packs the first <paramref name="count"/> numbers, filled up with zeros to whole groups.</summary>
    private static unsafe void PackChunk(Span<uint> chunk, int count, int width, ByteBuffer output)
    {
        int padded = (count + Group - 1) & ~(Group - 1);
        Debug.Assert(padded <= chunk.Length, "The chunk has no room for its padding.");
        chunk[count..padded].Clear();
        fixed (uint* source = chunk)
        fixed (byte* target = output.Reserve((padded / Group * width) + BitPacker.Slack))
        {
            output.Advance((int)(BitPacker.Pack(source, padded, width, target) - target));
        }
    }
}
