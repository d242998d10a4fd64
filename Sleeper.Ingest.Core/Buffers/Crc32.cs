using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sleeper.Ingest.Core.Buffers;

/// <summary>The CRC-32 of pages and of uploads (IEEE 802.3, reflected polynomial 0xEDB88320, as in gzip).</summary>
/// <remarks>
/// <para>Two ways. Tables: sixteen bytes at a time, each byte looked up in the table of its distance from the end (Kounavis and Berry, 2008).
/// Folding: four lanes of 16 bytes are carried over the next 64 by carry-less multiplication with x^n mod P (Gopal and others, Intel 2009);
/// the last lane and what follows it go through the tables.</para>
/// </remarks>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    private static readonly uint[] Tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of some bytes and of those that follow them.</summary>
    /// <param name="checksum">Of the bytes before; 0 if there are none.</param>
    /// <param name="bytes">What follows.</param>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes) =>
        Pclmulqdq.IsSupported && bytes.Length >= 128 ? AppendByFolding(checksum, bytes) : AppendByTables(checksum, bytes);

    internal static uint AppendByTables(uint checksum, ReadOnlySpan<byte> bytes) => ~Update(~checksum, bytes);

    internal static uint AppendByFolding(uint checksum, ReadOnlySpan<byte> bytes)
    {
        ref byte at = ref MemoryMarshal.GetReference(bytes);
        int left = bytes.Length;

        // The state so far is added to the first four bytes: all ones at the start.
        Vector128<ulong> lane0 = Load(ref at, 0) ^ Vector128.CreateScalar((ulong)~checksum);
        Vector128<ulong> lane1 = Load(ref at, 16);
        Vector128<ulong> lane2 = Load(ref at, 32);
        Vector128<ulong> lane3 = Load(ref at, 48);
        at = ref Unsafe.Add(ref at, 64);
        left -= 64;

        // x^(4*128+32) mod P and x^(4*128-32) mod P, bit-reflected.
        Vector128<ulong> by64Bytes = Vector128.Create(0x154442bd4UL, 0x1c6e41596UL);
        while (left >= 64)
        {
            lane0 = Fold(lane0, by64Bytes) ^ Load(ref at, 0);
            lane1 = Fold(lane1, by64Bytes) ^ Load(ref at, 16);
            lane2 = Fold(lane2, by64Bytes) ^ Load(ref at, 32);
            lane3 = Fold(lane3, by64Bytes) ^ Load(ref at, 48);
            at = ref Unsafe.Add(ref at, 64);
            left -= 64;
        }

        // x^(128+32) mod P and x^(128-32) mod P, bit-reflected.
        Vector128<ulong> by16Bytes = Vector128.Create(0x1751997d0UL, 0x0ccaa009eUL);
        lane1 ^= Fold(lane0, by16Bytes);
        lane2 ^= Fold(lane1, by16Bytes);
        lane3 ^= Fold(lane2, by16Bytes);
        while (left >= 16)
        {
            lane3 = Fold(lane3, by16Bytes) ^ Load(ref at, 0);
            at = ref Unsafe.Add(ref at, 16);
            left -= 16;
        }

        Span<byte> last = stackalloc byte[16];
        lane3.AsByte().CopyTo(last);
        return ~Update(Update(0, last), bytes[^left..]);
    }

    private static Vector128<ulong> Load(ref byte at, nint offset) => Vector128.LoadUnsafe(ref Unsafe.Add(ref at, offset)).AsUInt64();

    private static Vector128<ulong> Fold(Vector128<ulong> lane, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(lane, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(lane, by, 0x11);

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        ref uint tables = ref MemoryMarshal.GetArrayDataReference(Tables);
        while (bytes.Length >= 16)
        {
            uint a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            uint c = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            uint d = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            crc = Word(ref tables, a, 12) ^ Word(ref tables, b, 8) ^ Word(ref tables, c, 4) ^ Word(ref tables, d, 0);
            bytes = bytes[16..];
        }

        foreach (byte value in bytes)
        {
            crc = (crc >> 8) ^ Unsafe.Add(ref tables, (byte)(crc ^ value));
        }

        return crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(ref uint tables, uint word, int bytesAfter) =>
        Unsafe.Add(ref tables, ((bytesAfter + 3) << 8) + (byte)word)
        ^ Unsafe.Add(ref tables, ((bytesAfter + 2) << 8) + (byte)(word >> 8))
        ^ Unsafe.Add(ref tables, ((bytesAfter + 1) << 8) + (byte)(word >> 16))
        ^ Unsafe.Add(ref tables, (bytesAfter << 8) + (int)(word >> 24));

    private static uint[] MakeTables()
    {
        var tables = new uint[16 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * Polynomial);
            }

            tables[i] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            uint before = tables[i - 256];
            tables[i] = (before >> 8) ^ tables[(byte)before];
        }

        return tables;
    }
}
