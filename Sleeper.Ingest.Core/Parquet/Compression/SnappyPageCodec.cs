using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>SNAPPY pages, both ways.</summary>
internal sealed class SnappyPageCodec : IPageCompressor, IPageDecompressor
{
    private SnappyEncoder? _encoder;

    public CompressionCodec Codec => CompressionCodec.Snappy;

    public int MaxCompressedLength(int sourceLength) => SnappyEncoder.MaxEncodedLength(sourceLength);

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination) => (_encoder ??= new SnappyEncoder()).Encode(source, destination);

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => SnappyDecoder.Decode(source, destination);

    public void Dispose()
    {
    }
}
