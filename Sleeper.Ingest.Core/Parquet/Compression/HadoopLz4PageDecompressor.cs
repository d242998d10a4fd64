using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Pages of the legacy LZ4 codec, which is read only.</summary>
internal sealed class HadoopLz4PageDecompressor : IPageDecompressor
{
    public CompressionCodec Codec => CompressionCodec.Lz4;

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => HadoopLz4Decoder.Decode(source, destination);

    public void Dispose()
    {
    }
}
