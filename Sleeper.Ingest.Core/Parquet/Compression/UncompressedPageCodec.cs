using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>UNCOMPRESSED pages: a copy.</summary>
internal sealed class UncompressedPageCodec : IPageCompressor, IPageDecompressor
{
    public CompressionCodec Codec => CompressionCodec.Uncompressed;

    public int MaxCompressedLength(int sourceLength) => sourceLength;

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        source.CopyTo(destination);
        return source.Length;
    }

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length != destination.Length)
        {
            throw new ParquetFormatException(
                $"An uncompressed page has {source.Length:N0} bytes, but its header claims {destination.Length:N0} without compression.");
        }

        source.CopyTo(destination);
    }

    public void Dispose()
    {
    }
}
