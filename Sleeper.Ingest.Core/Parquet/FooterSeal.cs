using System.Buffers.Binary;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Checksums of what pages' own checksums leave open: the footer, and the bounds of pages. A changed bound would hide rows in silence.</summary>
/// <remarks>
/// <code>
/// column index = Thrift, u32 LE CRC-32 of it
/// seal         = 8 bytes "seal-crc", u32 LE CRC-32 of the footer          right before the footer
/// </code>
/// They lie between the parts that the format defines, where no offset points and no length reaches, so other readers do not see them. A file without a seal
/// has no checksum behind its column indexes either.
/// </remarks>
internal static class FooterSeal
{
    public const int Length = 12;

    public const int ChecksumLength = sizeof(uint);

    private static ReadOnlySpan<byte> Mark => "seal-crc"u8;

    /// <summary>Appends the checksum of what was written from <paramref name="start"/> on.</summary>
    public static void AppendChecksum(ByteBuffer output, int start)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.Reserve(ChecksumLength), Crc32.Compute(output.WrittenSpan[start..]));
        output.Advance(ChecksumLength);
    }

    /// <summary>Appends a seal whose checksum <see cref="Close"/> puts in.</summary>
    public static void Open(ByteBuffer output)
    {
        output.Append(Mark);
        output.Reserve(ChecksumLength);
        output.Advance(ChecksumLength);
    }

    /// <summary>Puts the checksum of the footer, which is all that was written from <paramref name="footerStart"/> on, into the seal before it.</summary>
    public static void Close(ByteBuffer output, int footerStart) =>
        BinaryPrimitives.WriteUInt32LittleEndian(output.WritableSpan[(footerStart - ChecksumLength)..], Crc32.Compute(output.WrittenSpan[footerStart..]));

    /// <summary>True if the footer has a seal.</summary>
    /// <param name="before">Bytes before the footer, as many as are at hand.</param>
    /// <param name="footer">The footer.</param>
    /// <exception cref="ParquetFormatException">The footer is not the one that was sealed.</exception>
    public static bool Check(ReadOnlySpan<byte> before, ReadOnlySpan<byte> footer)
    {
        if (before.Length < Length || !before[^Length..].StartsWith(Mark))
        {
            return false;
        }

        CheckSum(footer, before[^ChecksumLength..], "The footer");
        return true;
    }

    /// <summary>Holds a column index against the checksum behind it.</summary>
    /// <exception cref="ParquetFormatException">They do not agree.</exception>
    public static void CheckIndex(ReadOnlySpan<byte> index, ReadOnlySpan<byte> checksum) => CheckSum(index, checksum, "The column index");

    private static void CheckSum(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checksum, string what)
    {
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(checksum);
        uint actual = Crc32.Compute(bytes);
        if (actual != expected)
        {
            throw new ParquetFormatException($"{what} has the checksum (CRC-32) 0x{actual:X8}, but was written with 0x{expected:X8}: its bytes were changed after they were written.");
        }
    }
}
