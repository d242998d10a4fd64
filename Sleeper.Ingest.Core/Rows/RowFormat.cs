using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>The bytes of one encoded row, in a slab or in a spill file.</summary>
/// <remarks>
/// <code>
/// varint keyLength   unsigned LEB128, 1 to 5 bytes
/// varint valueLength unsigned LEB128, 1 to 5 bytes
/// key                the normalised key: row keys, then sort keys; comparing these bytes, unsigned, gives the order of rows.
///                    No key is a prefix of another key that differs from it.
/// values             the value fields in schema order
/// </code>
/// How keys and values are encoded is the matter of KeyEncoder and ValueEncoder; sorting, spilling and merging know only this page.
/// </remarks>
internal static unsafe class RowFormat
{
    /// <summary>The longest header: two varints of five bytes.</summary>
    public const int MaxHeaderBytes = 10;

    /// <summary>Reads the header and returns its length in bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadHeader(byte* row, out int keyLength, out int valueLength)
    {
        uint both = Unsafe.ReadUnaligned<ushort>(row);
        if ((both & 0x8080) == 0)
        {
            keyLength = (int)(both & 0xFF);
            valueLength = (int)(both >> 8);
            return 2;
        }

        return ReadLongHeader(row, out keyLength, out valueLength);
    }

    /// <summary>Writes the header and returns its length in bytes; <paramref name="destination"/> has room for <see cref="MaxHeaderBytes"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteHeader(byte* destination, int keyLength, int valueLength)
    {
        if ((keyLength | valueLength) < 0x80)
        {
            Unsafe.WriteUnaligned(destination, (ushort)(keyLength | (valueLength << 8)));
            return 2;
        }

        int length = WriteVarint(destination, (uint)keyLength);
        return length + WriteVarint(destination + length, (uint)valueLength);
    }

    /// <summary>The bytes that a header of these lengths takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HeaderLength(int keyLength, int valueLength) =>
        (keyLength | valueLength) < 0x80 ? 2 : VarintLength((uint)keyLength) + VarintLength((uint)valueLength);

    /// <summary>The whole length of a row: header, key and values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowLength(byte* row) => ReadHeader(row, out int keyLength, out int valueLength) + keyLength + valueLength;

    /// <summary>
    /// The key's first eight bytes from <paramref name="skip"/> on as a big-endian number, filled up with zeros: of two rows with different
    /// prefixes the one with the smaller prefix comes first.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong KeyPrefix(byte* key, int keyLength, int skip)
    {
        int left = keyLength - skip;
        if (left >= 8)
        {
            return BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(key + skip));
        }

        return ShortPrefix(key + skip, left);
    }

    /// <summary>Compares two whole keys: negative, zero or positive.</summary>
    public static int CompareKeys(byte* left, byte* right)
    {
        int leftHeader = ReadHeader(left, out int leftLength, out _);
        int rightHeader = ReadHeader(right, out int rightLength, out _);
        return new ReadOnlySpan<byte>(left + leftHeader, leftLength).SequenceCompareTo(new ReadOnlySpan<byte>(right + rightHeader, rightLength));
    }

    public static int VarintLength(uint value) => value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

    public static int WriteVarint(byte* destination, uint value)
    {
        int length = 0;
        while (value >= 0x80)
        {
            destination[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[length++] = (byte)value;
        return length;
    }

    public static int ReadVarint(byte* source, out uint value)
    {
        value = 0;
        int length = 0;
        int shift = 0;
        byte current;
        do
        {
            current = source[length++];
            value |= (uint)(current & 0x7F) << shift;
            shift += 7;
        }
        while (current >= 0x80 && length < 5);
        return length;
    }

    private static int ReadLongHeader(byte* row, out int keyLength, out int valueLength)
    {
        int length = ReadVarint(row, out uint key);
        length += ReadVarint(row + length, out uint value);
        keyLength = (int)key;
        valueLength = (int)value;
        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ShortPrefix(byte* bytes, int count)
    {
        ulong prefix = 0;
        for (int i = 0; i < count; i++)
        {
            prefix |= (ulong)bytes[i] << (56 - (8 * i));
        }

        return prefix;
    }
}

/// <summary>What is sorted and merged: a row's address and the first eight bytes of its key. 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowEntry
{
    /// <summary>See <see cref="RowFormat.KeyPrefix"/>; from the key's first byte on.</summary>
    public ulong Prefix;

    /// <summary>The row's first byte, laid out as <see cref="RowFormat"/> says.</summary>
    public byte* Row;
}
