using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>LZ4_RAW pages, both ways.</summary>
internal sealed class Lz4PageCodec : IPageCompressor, IPageDecompressor
{
    private Lz4Encoder? _encoder;

    public CompressionCodec Codec => CompressionCodec.Lz4Raw;

    public int MaxCompressedLength(int sourceLength) => Lz4Encoder.MaxEncodedLength(sourceLength);

    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination) => (_encoder ??= new Lz4Encoder()).Encode(source, destination);

    public void Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => Lz4Decoder.Decode(source, destination);

    public void Dispose()
    {
    }
}
