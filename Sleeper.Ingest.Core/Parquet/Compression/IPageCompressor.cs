using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Compresses pages with one codec. One per worker: costly to make, cheap to use again. Not thread-safe.</summary>
internal interface IPageCompressor : IDisposable
{
    CompressionCodec Codec { get; }

    /// <summary>Room that <see cref="Compress"/> may need for so many bytes.</summary>
    int MaxCompressedLength(int sourceLength);

    /// <summary>Compresses all of <paramref name="source"/> and returns the bytes written to <paramref name="destination"/>.</summary>
    int Compress(ReadOnlySpan<byte> source, Span<byte> destination);
}
