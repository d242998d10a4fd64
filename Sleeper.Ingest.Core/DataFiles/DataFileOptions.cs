using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Compression;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>How data files are written.</summary>
internal sealed record DataFileOptions
{
    /// <summary>The codec of all pages.</summary>
    public CompressionCodec Codec { get; init; } = CompressionCodec.Zstd;

    /// <summary>The codec's level; null for its default.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>The most rows of a row group.</summary>
    public int RowGroupRows { get; init; } = 100_000;

    /// <summary>Encoded rows of so many bytes fill a row group.</summary>
    public long RowGroupBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes at which a page is full.</summary>
    public int PageBytes { get; init; } = 128 * 1024;

    /// <summary>The most rows of a page.</summary>
    public int PageRows { get; init; } = 20_000;

    /// <summary>True for data pages of version 2 and the delta encodings.</summary>
    public bool IsVersion2 { get; init; } = true;

    /// <summary>Whether row keys, sort keys and values try a dictionary.</summary>
    public bool RowKeyDictionary { get; init; } = true;

    /// <inheritdoc cref="RowKeyDictionary"/>
    public bool SortKeyDictionary { get; init; } = true;

    /// <inheritdoc cref="RowKeyDictionary"/>
    public bool ValueDictionary { get; init; } = true;

    /// <summary>Fields that are written in another way, by name.</summary>
    public IReadOnlyDictionary<string, FieldWriteOptions> Fields { get; init; } = new Dictionary<string, FieldWriteOptions>(StringComparer.Ordinal);

    /// <summary>What Bloom filters row keys get; null for none.</summary>
    public BloomFilterWriteOptions? RowKeyBloomFilter { get; init; }

    /// <summary>Bytes kept of a minimum or maximum in the statistics of a row group.</summary>
    public int StatisticsTruncateBytes { get; init; } = int.MaxValue;

    /// <summary>Bytes kept of a minimum or maximum in the column index.</summary>
    public int ColumnIndexTruncateBytes { get; init; } = 128;

    /// <summary>The same for the Parquet engine, column by column.</summary>
    public ParquetWriterOptions ToParquet(Schema schema, ParquetSchema columns, KeyOrder order) => new()
    {
        CreateCompressor = () => PageCompression.Create(Codec, CompressionLevel),
        Version = IsVersion2 ? WriterVersion.V2 : WriterVersion.V1,
        PageBytes = PageBytes,
        PageRows = PageRows,
        StatisticsTruncateBytes = StatisticsTruncateBytes,
        ColumnIndexTruncateBytes = ColumnIndexTruncateBytes,
        Columns = [.. columns.Columns.Select(column => ColumnOptions(schema, column, order))],
    };

    private ColumnWriteOptions ColumnOptions(Schema schema, LeafColumn column, KeyOrder order)
    {
        int field = schema.IndexOf(column.Path[0]);
        bool dictionary = field < schema.RowKeyFields.Count ? RowKeyDictionary : field < schema.KeyFieldCount ? SortKeyDictionary : ValueDictionary;
        Fields.TryGetValue(column.Path[0], out var options);
        bool isMapValue = schema.AllFields[field].Type.Kind == FieldTypeKind.Map && column.Path[^1] == SchemaColumns.MapValueName;
        return new ColumnWriteOptions
        {
            Encoding = (isMapValue ? options?.MapValueEncoding : options?.Encoding) ?? ColumnEncoding.Auto,
            BloomFilter = field < schema.RowKeyFields.Count ? RowKeyBloomFilter : null,
            Dictionary = options?.Dictionary ?? dictionary ? DictionaryUse.Try : DictionaryUse.Never,

            // Only the first row key is ascending throughout, and in Java's order its bytes are not.
            IsAscending = field == 0 && order == KeyOrder.Bytes,
        };
    }
}
