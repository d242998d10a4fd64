using System.Buffers.Binary;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>The checksum of pages: CRC-32 with the polynomial of gzip (0x04C11DB7, bits reversed), over the bytes of a page as stored.</summary>
/// <remarks>Eight tables of 256 entries, so that eight bytes are taken at a time ("slicing by 8", Kounavis and Berry, 2005).</remarks>
internal static class Crc32
{
    private const uint ReversedPolynomial = 0xEDB88320;

    private const int Slices = 8;

    private static readonly uint[] Tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of what <paramref name="crc"/> covers, followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> tables = Tables.AsSpan(0, Slices * 256);
        crc = ~crc;
        while (bytes.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[(int)(1792 + (low & 0xFF))] ^ tables[(int)(1536 + ((low >> 8) & 0xFF))]
                ^ tables[(int)(1280 + ((low >> 16) & 0xFF))] ^ tables[(int)(1024 + (low >> 24))]
                ^ tables[(int)(768 + (high & 0xFF))] ^ tables[(int)(512 + ((high >> 8) & 0xFF))]
                ^ tables[(int)(256 + ((high >> 16) & 0xFF))] ^ tables[(int)(high >> 24)];
            bytes = bytes[8..];
        }

        foreach (byte next in bytes)
        {
            crc = tables[(int)((crc ^ next) & 0xFF)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeTables()
    {
        uint[] tables = new uint[Slices * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ ReversedPolynomial : crc >> 1;
            }

            tables[i] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            tables[i] = (tables[i - 256] >> 8) ^ tables[tables[i - 256] & 0xFF];
        }

        return tables;
    }
}
