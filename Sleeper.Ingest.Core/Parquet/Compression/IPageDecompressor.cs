using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Undoes the compression of pages with one codec. Reused for many pages by one thread at a time; disposing it frees its context.</summary>
internal interface IPageDecompressor : IDisposable
{
    CompressionCodec Codec { get; }

    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    /// <exception cref="ParquetFormatException">The source is damaged, or gives fewer or more bytes. The destination may be partly written, and nothing outside it.</exception>
    void Decompress(ReadOnlySpan<byte> source, Span<byte> destination);
}
