using System.Buffers.Binary;
using System.Globalization;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Finds and reads the metadata at the end of a Parquet file.</summary>
/// <remarks>
/// <code>
/// file = "PAR1", column chunks, indexes, [seal], metadata (Thrift compact), u32 LE length of the metadata, "PAR1"
/// </code>
/// </remarks>
internal static class ParquetFooter
{
    /// <summary>Length and magic behind the metadata.</summary>
    public const int TrailerLength = 8;

    /// <summary>Magic, an empty metadata struct's least, and the trailer.</summary>
    private const int MinFileLength = 12;

    /// <summary>Read first, in one request, of a file that is far away: the metadata of nearly every file with few columns and row groups, and its page indexes.</summary>
    private const int MaxFirstReadLength = 64 << 10;

    /// <summary>Read first of a file without round trips.</summary>
    private const int MinFirstReadLength = 8 << 10;

    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    private static ReadOnlySpan<byte> EncryptedMagic => "PARE"u8;

    /// <summary>The metadata, where in the file it begins, whether it has a seal, and the last bytes of the file, of which it is a part.</summary>
    public static async Task<(FileMetadata Metadata, long Offset, bool IsSealed, ReadOnlyMemory<byte> Tail)> ReadAsync(
        IRandomAccessReader source, ParquetReaderLimits limits, CancellationToken cancellationToken)
    {
        if (source.Length < MinFileLength)
        {
            throw new ParquetFormatException(
                $"The file has {source.Length:N0} bytes; a Parquet file has at least {MinFileLength}. It is not a Parquet file, or it was cut short.");
        }

        byte[] tail = new byte[(int)Math.Min(source.Length, Math.Clamp(source.RequestCostBytes, MinFirstReadLength, MaxFirstReadLength))];
        await source.ReadAsync(source.Length - tail.Length, tail, cancellationToken).ConfigureAwait(false);
        int metadataLength = CheckTrailer(source, tail, limits);
        long offset = source.Length - TrailerLength - metadataLength;
        long wanted = Math.Min(source.Length, FooterSeal.Length + metadataLength + TrailerLength);
        if (tail.Length < wanted)
        {
            byte[] whole = new byte[wanted];
            tail.CopyTo(whole, whole.Length - tail.Length);
            await source.ReadAsync(source.Length - wanted, whole.AsMemory(0, whole.Length - tail.Length), cancellationToken).ConfigureAwait(false);
            tail = whole;
        }

        int start = tail.Length - TrailerLength - metadataLength;
        bool isSealed = limits.VerifyChecksums && FooterSeal.Check(tail.AsSpan(0, start), tail.AsSpan(start, metadataLength));
        var reader = new ThriftCompactReader(tail.AsSpan(start, metadataLength), offset, limits.MaxMetadataDepth);
        return (FileMetadata.Read(ref reader, limits), offset, isSealed, tail);
    }

    private static int CheckTrailer(IRandomAccessReader source, ReadOnlySpan<byte> tail, ParquetReaderLimits limits)
    {
        ReadOnlySpan<byte> magic = tail[^4..];
        if (magic.SequenceEqual(EncryptedMagic))
        {
            throw new ParquetFormatException("The file is encrypted (it ends with 'PARE'); encrypted Parquet files are not read.", "Decrypt it first.");
        }

        if (!magic.SequenceEqual(Magic))
        {
            throw new ParquetFormatException(
                $"The {source.Length:N0} bytes are not a Parquet file, or it was cut short: it ends with the bytes {Hex(magic)} instead of 'PAR1'.");
        }

        if (tail.Length == source.Length && !tail[..4].SequenceEqual(Magic))
        {
            throw new ParquetFormatException($"This is not a Parquet file: it begins with the bytes {Hex(tail[..4])} instead of 'PAR1'.");
        }

        uint claimed = BinaryPrimitives.ReadUInt32LittleEndian(tail[^TrailerLength..]);
        if (claimed > limits.MaxFooterBytes)
        {
            throw ParquetFormatException.AboveLimit(
                $"The file claims {claimed:N0} bytes of metadata; the limit is {limits.MaxFooterBytes:N0}.", nameof(ParquetReaderLimits.MaxFooterBytes));
        }

        long most = source.Length - MinFileLength;
        if (claimed == 0 || claimed > most)
        {
            throw new ParquetFormatException($"The file of {source.Length:N0} bytes claims {claimed:N0} bytes of metadata; 1 to {most:N0} are possible.");
        }

        return (int)claimed;
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => string.Join(' ', bytes.ToArray().Select(value => value.ToString("X2", CultureInfo.InvariantCulture)));
}
