using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>The bytes of a spill file, for its writer and its readers.</summary>
/// <remarks>
/// <code>
/// file    header, block*                        all integers little-endian
///
/// header  u64 magic        "SLEEPSPL"                                    32 bytes
///         u32 version      1
///         u32 zero
///         u64 file id      random, in each block again
///         u32 zero
///         u32 CRC-32C      of the 28 bytes before
///
/// block   u32 magic        "BLK1"                                        40 bytes, then the rows
///         u32 length       of the rows as stored
///         u32 row length   of the rows themselves: with codec 0 the same
///         u32 row count
///         u64 file id
///         u32 sequence     number of the block in the file, from 0
///         u32 owner        number of the bucket or of the run
///         u8  kind         0 extent of a bucket, unsorted; 1 sorted run
///         u8  codec        0 raw; 1 packed: rows of one length, without the bits in which they agree
///         u16 zero
///         u32 CRC-32C      of the 36 bytes before and the rows as stored
///         rows             whole rows, one behind the other, as RowFormat lays them out; with codec 1 as PackedRows makes of them
/// </code>
/// Where extents and runs start, and how long they are, is known only to the process that wrote them (<see cref="SpillExtent"/>): a spill
/// file is of no use to anybody else. File id, sequence, owner and kind are there so that a block of another file, another place or an
/// earlier life of the same disk blocks is noticed although its checksum is right.
/// </remarks>
internal static unsafe class SpillFormat
{
    public const int FileHeaderBytes = 32;
    public const int BlockHeaderBytes = 40;
    public const ulong FileMagic = 0x4C50535045454C53; // "SLEEPSPL"
    public const uint BlockMagic = 0x314B4C42; // "BLK1"
    public const uint Version = 1;
    public const byte RawCodec = 0;
    public const byte PackedCodec = 1;

    public static void WriteFileHeader(Span<byte> destination, ulong fileId)
    {
        destination[..FileHeaderBytes].Clear();
        MemoryMarshal.Write(destination, FileMagic);
        MemoryMarshal.Write(destination[8..], Version);
        MemoryMarshal.Write(destination[16..], fileId);
        MemoryMarshal.Write(destination[28..], Checksum(destination[..28]));
    }

    /// <summary>The checksum of a block: of its header but for the last four bytes, then its rows.</summary>
    public static uint BlockChecksum(in BlockHeader header, byte* rows)
    {
        fixed (BlockHeader* bytes = &header)
        {
            return ~Crc(Crc(uint.MaxValue, (byte*)bytes, BlockHeaderBytes - 4), rows, (nint)header.Length);
        }
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* pointer = bytes)
        {
            return ~Crc(uint.MaxValue, pointer, bytes.Length);
        }
    }

    private static uint Crc(uint crc, byte* bytes, nint length)
    {
        byte* end = bytes + length;
        for (; end - bytes >= 8; bytes += 8)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.ReadUnaligned<ulong>(bytes));
        }

        for (; bytes < end; bytes++)
        {
            crc = BitOperations.Crc32C(crc, *bytes);
        }

        return crc;
    }

    /// <summary>The header of a block, byte for byte.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1, Size = BlockHeaderBytes)]
    public struct BlockHeader
    {
        public uint Magic;
        public uint Length;
        public uint RowLength;
        public uint RowCount;
        public ulong FileId;
        public uint Sequence;
        public uint Owner;
        public SpillKind Kind;
        public byte Codec;
        public ushort Zero;
        public uint Checksum;
    }
}
