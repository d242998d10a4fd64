using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>Makes compressors and decompressors by codec: the one door to them.</summary>
internal static class PageCompression
{
    /// <summary>True if pages of this codec can be written here. Zstandard needs the system's libzstd; LZO and legacy LZ4 are never written.</summary>
    public static bool IsAvailable(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Uncompressed or CompressionCodec.Snappy or CompressionCodec.Gzip or CompressionCodec.Brotli or CompressionCodec.Lz4Raw => true,
        CompressionCodec.Zstd => ZstdLibrary.IsAvailable,
        _ => false,
    };

    /// <summary>A compressor for one thread at a time.</summary>
    /// <param name="codec">Any codec but LZO and the legacy LZ4.</param>
    /// <param name="level">Null: zstd 1, gzip 6, brotli 1. Not used by the codecs without levels.</param>
    /// <exception cref="ArgumentException">This codec is not written, or has no such level.</exception>
    /// <exception cref="IngestException">libzstd is not installed.</exception>
    public static IPageCompressor Create(CompressionCodec codec, int? level = null) => codec switch
    {
        CompressionCodec.Uncompressed => new UncompressedPageCodec(),
        CompressionCodec.Snappy => new SnappyPageCodec(),
        CompressionCodec.Gzip => new GzipPageCodec(CheckLevel(codec, level ?? GzipPageCodec.DefaultLevel, GzipPageCodec.MaxLevel)),
        CompressionCodec.Brotli => new BrotliPageCodec(CheckLevel(codec, level ?? BrotliPageCodec.DefaultLevel, BrotliPageCodec.MaxLevel)),
        CompressionCodec.Zstd => new ZstdPageCompressor(level ?? ZstdPageCompressor.DefaultLevel),
        CompressionCodec.Lz4Raw => new Lz4PageCodec(),
        CompressionCodec.Lz4 => throw new ArgumentException(
            "The legacy LZ4 codec is read but not written, because readers disagree about its framing. Choose lz4_raw or zstd.", nameof(codec)),
        _ => throw new ArgumentException($"The codec {codec} is not written. Choose zstd, snappy, gzip, brotli, lz4_raw or uncompressed.", nameof(codec)),
    };

    /// <summary>A decompressor for one thread at a time.</summary>
    /// <exception cref="ParquetFormatException">LZO, or a number that is no codec.</exception>
    /// <exception cref="IngestException">libzstd is not installed.</exception>
    public static IPageDecompressor CreateDecompressor(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Uncompressed => new UncompressedPageCodec(),
        CompressionCodec.Snappy => new SnappyPageCodec(),
        CompressionCodec.Gzip => new GzipPageCodec(),
        CompressionCodec.Brotli => new BrotliPageCodec(),
        CompressionCodec.Zstd => new ZstdPageDecompressor(),
        CompressionCodec.Lz4Raw => new Lz4PageCodec(),
        CompressionCodec.Lz4 => new HadoopLz4PageDecompressor(),
        _ => throw new ParquetFormatException($"The codec {codec} is not read.", "Write the file again with zstd, snappy, gzip, brotli, lz4_raw or no compression."),
    };

    private static int CheckLevel(CompressionCodec codec, int level, int maxLevel) =>
        level >= 0 && level <= maxLevel
            ? level
            : throw new ArgumentOutOfRangeException(nameof(level), level, $"Levels of {codec} go from 0 to {maxLevel}.");
}
