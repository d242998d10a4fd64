using Sleeper.Ingest.Core.Parquet.Compression;

namespace Sleeper.Ingest.Core.Parquet;

/// <summary>How a Parquet file is written. Every choice is made from these and the values alone, so the same rows give the same bytes.</summary>
internal sealed record ParquetWriterOptions
{
    /// <summary>Makes the compressor of one worker.</summary>
    public required Func<IPageCompressor> CreateCompressor { get; init; }

    public WriterVersion Version { get; init; } = WriterVersion.V2;

    /// <summary>
    /// A page ends before the row that would carry it over so many bytes, as PLAIN would have them (4 + length for each byte array), without
    /// levels. A larger row has a page of its own. The measure is not the encoded size, so that where a page ends is known before it is encoded.
    /// </summary>
    public int PageBytes { get; init; } = 131_072;

    /// <summary>A page ends after so many rows at most.</summary>
    public int PageRows { get; init; } = 20_000;

    /// <summary>Whether page headers carry a CRC-32.</summary>
    public bool PageChecksums { get; init; } = true;

    /// <summary>Bytes kept of the smallest and largest value of a column chunk.</summary>
    public int StatisticsTruncateBytes { get; init; } = int.MaxValue;

    /// <summary>Bytes kept of the smallest and largest value of a page.</summary>
    public int ColumnIndexTruncateBytes { get; init; } = 128;

    /// <summary>A dictionary that outgrows so many bytes is used no further in its chunk.</summary>
    public int DictionaryBytes { get; init; } = 1 << 20;

    public string CreatedBy { get; init; } = DefaultCreatedBy;

    /// <summary>One for each leaf column; empty means defaults for all.</summary>
    public IReadOnlyList<ColumnWriteOptions> Columns { get; init; } = [];

    private static string DefaultCreatedBy { get; } =
        $"sleeper-ingest-core version {typeof(ParquetWriterOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0"}";

    public ColumnWriteOptions Column(int leaf) => Columns.Count == 0 ? ColumnWriteOptions.Default : Columns[leaf];
}
