using System.Buffers.Binary;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Spill files read plainly, as the picture of their format says: field by field, checksums bit by bit.</summary>
internal static class PlainSpill
{
    private const uint Castagnoli = 0x82F63B78;

    /// <summary>Where the blocks of a good file start, and how long their rows are.</summary>
    public static IEnumerable<(int Offset, int Length)> Blocks(byte[] file)
    {
        for (int offset = SpillFormat.FileHeaderBytes; offset < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(offset + 4));
            yield return (offset, length);
            offset += SpillFormat.BlockHeaderBytes + length;
        }
    }

    /// <summary>The rows of extents of a bucket; null if a block is not what was written, or the rows are not whole.</summary>
    public static List<byte[]>? Rows(byte[] file, IReadOnlyList<SpillExtent> extents)
    {
        var bytes = new List<byte>();
        foreach (SpillExtent extent in extents)
        {
            if (ReadBlocks(file, extent) is not { } blocks)
            {
                return null;
            }

            bytes.AddRange(blocks.SelectMany(block => block.Rows));
        }

        return Split([.. bytes], extents.Sum(extent => extent.RowCount));
    }

    /// <summary>The same for a sorted run: each block has whole rows, and starts at or behind the key at which the one before ended.</summary>
    public static List<byte[]>? SortedRows(byte[] file, SpillExtent run)
    {
        if (ReadBlocks(file, run) is not { } blocks)
        {
            return null;
        }

        var all = new List<byte[]>();
        foreach ((byte[] bytes, uint count) in blocks)
        {
            if (Split(bytes, count) is not { } rows || (rows.Count > 0 && all.Count > 0 && Key(rows[0]).SequenceCompareTo(Key(all[^1])) < 0))
            {
                return null;
            }

            all.AddRange(rows);
        }

        return all;
    }

    /// <summary>The first eight bytes of the key, filled up with zeros.</summary>
    public static ulong Prefix(byte[] row)
    {
        ReadOnlySpan<byte> key = Key(row);
        ulong prefix = 0;
        for (int i = 0; i < sizeof(ulong); i++)
        {
            prefix = (prefix << 8) | (i < key.Length ? key[i] : 0u);
        }

        return prefix;
    }

    /// <summary>CRC-32C of two pieces, one behind the other.</summary>
    public static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> rows) => ~Add(Add(uint.MaxValue, head), rows);

    private static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            checksum ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                checksum = (checksum >> 1) ^ ((checksum & 1) * Castagnoli);
            }
        }

        return checksum;
    }

    private static List<(byte[] Rows, uint Count)>? ReadBlocks(byte[] file, SpillExtent extent)
    {
        if (!IsHeader(file, extent.File.Id) || file.Length < extent.Offset + extent.Length)
        {
            return null;
        }

        var blocks = new List<(byte[] Rows, uint Count)>();
        var left = file.AsSpan((int)extent.Offset, (int)extent.Length);
        while (left.Length > 0)
        {
            uint Word(ReadOnlySpan<byte> block, int at) => BinaryPrimitives.ReadUInt32LittleEndian(block[at..]);
            if (left.Length < SpillFormat.BlockHeaderBytes || Word(left, 0) != SpillFormat.BlockMagic || Word(left, 4) > left.Length - SpillFormat.BlockHeaderBytes || Word(left, 4) > extent.LargestStoredBytes)
            {
                return null;
            }

            ReadOnlySpan<byte> stored = left.Slice(SpillFormat.BlockHeaderBytes, (int)Word(left, 4));
            bool isExpected = Word(left, 8) <= extent.LargestBlockBytes && Word(left, 12) <= extent.LargestBlockRowCount
                && BinaryPrimitives.ReadUInt64LittleEndian(left[16..]) == extent.File.Id && Word(left, 24) == extent.FirstBlock + blocks.Count
                && Word(left, 28) == extent.Owner && left[32] == (byte)extent.Kind && left[34] == 0 && left[35] == 0 && Word(left, 36) == Checksum(left[..36], stored);
            byte[]? rows = !isExpected ? null : left[33] switch
            {
                0 => Word(left, 8) == stored.Length ? stored.ToArray() : null,
                1 => Unpacked(stored, (int)Word(left, 8), Word(left, 12)),
                _ => null,
            };
            if (rows is null)
            {
                return null;
            }

            blocks.Add((rows, Word(left, 12)));
            left = left[(SpillFormat.BlockHeaderBytes + stored.Length)..];
        }

        return blocks.Count == extent.BlockCount && blocks.Sum(block => block.Rows.LongLength) == extent.RowBytes && blocks.Sum(block => block.Count) == extent.RowCount ? blocks : null;
    }

    /// <summary>The rows of a packed block, bit by bit; null if they cannot be.</summary>
    private static byte[]? Unpacked(ReadOnlySpan<byte> packed, int length, uint count)
    {
        int rowBytes = count < 2 || length % count != 0 ? 0 : (int)(length / count);
        int words = (rowBytes + 7) / 8;
        if (rowBytes is < 8 or > 2048 || packed.Length < 16 * words)
        {
            return null;
        }

        ReadOnlySpan<byte> masks = packed[^(16 * words)..^(8 * words)];
        ReadOnlySpan<byte> others = packed[^(8 * words)..];
        bool[] varies = [.. Enumerable.Range(0, 64 * words).Select(Bits(masks))];
        bool[] same = [.. Enumerable.Range(0, 64 * words).Select(Bits(others))];
        int[] places = new int[64 * words];
        int place = 0;
        for (int word = 0; word < words; word++)
        {
            int varying = varies.AsSpan(64 * word, 64).Count(true);
            place = (place % 8) + varying > 64 ? (place + 7) / 8 * 8 : place;
            for (int bit = 64 * word; bit < 64 * (word + 1); bit++)
            {
                places[bit] = varies[bit] ? place++ : -1;
            }
        }

        int packedRowBytes = (place + 7) / 8;
        bool isBeyond = varies.AsSpan(8 * rowBytes).Contains(true) || same.AsSpan(8 * rowBytes).Contains(true);
        if (isBeyond || packedRowBytes > rowBytes || packed.Length != (count * packedRowBytes) + (16L * words))
        {
            return null;
        }

        byte[] rows = new byte[length];
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<byte> from = packed.Slice(row * packedRowBytes, packedRowBytes);
            for (int bit = 0; bit < 8 * rowBytes; bit++)
            {
                bool isSet = same[bit] || (varies[bit] && (from[places[bit] / 8] & (1 << (places[bit] % 8))) != 0);
                rows[(row * rowBytes) + (bit / 8)] |= (byte)(isSet ? 1 << (bit % 8) : 0);
            }
        }

        return rows;

        static Func<int, bool> Bits(ReadOnlySpan<byte> bytes)
        {
            byte[] copy = bytes.ToArray();
            return bit => (copy[bit / 8] & (1 << (bit % 8))) != 0;
        }
    }

    private static bool IsHeader(ReadOnlySpan<byte> file, ulong id)
    {
        if (file.Length < SpillFormat.FileHeaderBytes)
        {
            return false;
        }

        byte[] expected = new byte[SpillFormat.FileHeaderBytes];
        "SLEEPSPL"u8.CopyTo(expected);
        expected[8] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(expected.AsSpan(16), id);
        BinaryPrimitives.WriteUInt32LittleEndian(expected.AsSpan(28), Checksum(expected.AsSpan(0, 28), []));
        return file[..expected.Length].SequenceEqual(expected);
    }

    private static List<byte[]>? Split(byte[] bytes, long count)
    {
        var rows = new List<byte[]>();
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            (long key, long value, int header) = Lengths(bytes.AsSpan(at));
            long length = header + key + value;
            if (header == 0 || length > bytes.Length - at)
            {
                return null;
            }

            rows.Add(bytes[at..(at + (int)length)]);
            at += (int)length;
        }

        return at == bytes.Length ? rows : null;
    }

    private static ReadOnlySpan<byte> Key(byte[] row)
    {
        (long key, _, int header) = Lengths(row);
        return row.AsSpan(header, (int)key);
    }

    /// <summary>The two lengths before a row, and how many bytes they take; 0 if they do not end, or one is above 2^31 - 1.</summary>
    private static (long Key, long Value, int Header) Lengths(ReadOnlySpan<byte> row)
    {
        int at = 0;
        long key = Varint(row, ref at);
        long value = key < 0 ? -1 : Varint(row, ref at);
        return value < 0 ? (0, 0, 0) : (key, value, at);
    }

    private static long Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        uint value = 0;
        for (int i = 0; i < 5; i++)
        {
            if (at == bytes.Length)
            {
                return -1;
            }

            byte current = bytes[at++];
            value |= (current & 0x7Fu) << (7 * i);
            if (current < 0x80)
            {
                break;
            }
        }

        return value > int.MaxValue ? -1 : value;
    }
}
