using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The Parquet codec of a setting, or snappy where libzstd cannot be loaded.</summary>
internal static class CodecChoice
{
    public static CompressionCodec Of(DataFileCodec setting, Action onFallBack)
    {
        var codec = setting switch
        {
            DataFileCodec.Zstd => CompressionCodec.Zstd,
            DataFileCodec.Snappy => CompressionCodec.Snappy,
            DataFileCodec.Gzip => CompressionCodec.Gzip,
            DataFileCodec.Lz4Raw => CompressionCodec.Lz4Raw,
            DataFileCodec.Brotli => CompressionCodec.Brotli,
            _ => CompressionCodec.Uncompressed,
        };
        if (codec == CompressionCodec.Zstd && !PageCompression.IsAvailable(codec))
        {
            onFallBack();
            return CompressionCodec.Snappy;
        }

        return codec;
    }
}
