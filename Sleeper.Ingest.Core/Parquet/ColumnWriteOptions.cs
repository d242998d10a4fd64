namespace Sleeper.Ingest.Core.Parquet;

/// <summary>How one leaf column is written.</summary>
internal sealed record ColumnWriteOptions
{
    public static readonly ColumnWriteOptions Default = new();

    public ColumnEncoding Encoding { get; init; }

    public DictionaryUse Dictionary { get; init; }

    /// <summary>Null for no Bloom filter.</summary>
    public BloomFilterWriteOptions? BloomFilter { get; init; }

    /// <summary>
    /// A promise that the values of every row group ascend in the order of the format (numbers signed, bytes unsigned): smallest and largest are
    /// then the first and the last. Never set it for strings in Java's order. Wrong statistics lose rows.
    /// </summary>
    public bool IsAscending { get; init; }
}
