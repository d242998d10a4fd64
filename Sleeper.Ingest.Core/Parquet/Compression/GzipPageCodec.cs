using System.IO.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>GZIP pages, both ways, by the base library. A page may be several gzip members one after the other.</summary>
/// <param name="level">zlib's 0 to 9.</param>
internal sealed unsafe class GzipPageCodec(int level = GzipPageCodec.DefaultLevel) : IPageCompressor, IPageDecompressor
{
    public const int DefaultLevel = 6;

    public const int MaxLevel = 9;

    /// <summary>A member of zero bytes, which the base library leaves out.</summary>
    private static ReadOnlySpan<byte> EmptyMember => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly ZLibCompressionOptions _options = new() { CompressionLevel = level };

    public CompressionCodec Codec => CompressionCodec.Gzip;

    /// <summary>The fastest level writes up to 9 bits a byte; header, trailer and block headers are far below the rest.</summary>
    public int MaxCompressedLength(int sourceLength) => checked(sourceLength + (sourceLength / 7) + 1024);

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.IsEmpty)
        {
            EmptyMember.CopyTo(destination);
            return EmptyMember.Length;
        }

        fixed (byte* target = destination)
        {
            using var output = new UnmanagedMemoryStream(target, 0, destination.Length, FileAccess.Write);
            using (var gzip = new GZipStream(output, _options, leaveOpen: true))
            {
                gzip.Write(source);
            }

            return checked((int)output.Position);
        }
    }

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int written = 0;
        if (source.IsEmpty)
        {
            throw new ParquetFormatException("A gzip page has no bytes.");
        }

        try
        {
            fixed (byte* start = source)
            {
                using var input = new UnmanagedMemoryStream(start, source.Length);
                using var gzip = new GZipStream(input, CompressionMode.Decompress);
                written = gzip.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
                if (written == destination.Length && gzip.ReadByte() < 0)
                {
                    return;
                }
            }
        }
        catch (InvalidDataException damaged)
        {
            throw new ParquetFormatException($"A gzip stream of {source.Length:N0} bytes is damaged after {written:N0} bytes of result.", innerException: damaged);
        }

        throw new ParquetFormatException(
            $"A gzip stream of {source.Length:N0} bytes gave {(written == destination.Length ? "more" : "fewer")} than the {destination.Length:N0} bytes that its page header claims.");
    }

    public void Dispose()
    {
    }
}
