namespace Sleeper.Ingest.Core;

/// <summary>How <see cref="ParquetFiles.WriteAsync(ObjectStores.IObjectStore, string, Schemas.Schema, IEnumerable{Rows.Row}, ParquetFileOptions?, CancellationToken)"/> writes a file.</summary>
public sealed record ParquetFileOptions
{
    /// <summary>How pages are compressed. The Java original reads zstd, snappy, gzip and none. Default: zstd, or snappy where libzstd cannot be loaded.</summary>
    public DataFileCodec Codec { get; init; } = DataFileCodec.Zstd;

    /// <summary>The codec's level. Default: zstd 1.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>The most rows of a row group, at least 1: an ingest's workers take row groups. Default: 100,000.</summary>
    public int RowGroupRowCount { get; init; } = 100_000;

    /// <summary>Bytes of encoded rows that fill a row group, at least 1,024. Default: 8 MiB.</summary>
    public long RowGroupBytes { get; init; } = 8L << 20;

    /// <summary>Called for each bad row, in order; null, the default, to fail at the first one and leave no file.</summary>
    public Action<RowError>? OnRowError { get; init; }
}
