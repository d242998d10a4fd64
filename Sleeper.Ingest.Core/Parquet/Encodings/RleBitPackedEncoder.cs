using System.Diagnostics;
using System.Runtime.CompilerServices;
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
        int at = 0;
        while (at < levels.Length)
        {
            int run = levels[at..].IndexOfAnyExcept(levels[at]);
            run = run < 0 ? levels.Length - at : run;
            int fill = -(at - packedFrom) & (Group - 1);
            if (run - fill >= Group)
            {
                PackLevels(levels[packedFrom..(at + fill)], width, output);
                WriteRun(run - fill, levels[at], width, output);
                packedFrom = at + run;
            }

            at += run;
        }

        PackLevels(levels[packedFrom..], width, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EncodeIndexes(ReadOnlySpan<int> indexes, int width, ByteBuffer output)
    {
        int packedFrom = 0;
        int at = 0;
        while (at < indexes.Length)
        {
            int value = indexes[at];
            int end = at + 1;
            while (end < indexes.Length && indexes[end] == value)
            {
                end++;
            }

            int run = end - at;
            int fill = -(at - packedFrom) & (Group - 1);
            if (run - fill >= Group)
            {
                PackIndexes(indexes[packedFrom..(at + fill)], width, output);
                WriteRun(run - fill, value, width, output);
                packedFrom = end;
            }

            at = end;
        }

        PackIndexes(indexes[packedFrom..], width, output);
    }

    private static void WriteRun(int count, int value, int width, ByteBuffer output)
    {
        output.AppendVarInt((ulong)count << 1);
        for (int bit = 0; bit < width; bit += 8)
        {
            output.Append((byte)(value >> bit));
        }
    }

    private static unsafe void PackLevels(ReadOnlySpan<byte> levels, int width, ByteBuffer output)
    {
        Span<uint> chunk = stackalloc uint[Chunk];
        WriteGroupCount(levels.Length, output);
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
