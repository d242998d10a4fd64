namespace Sleeper.Ingest.Core.StateStores;

/// <summary>How a table wants its data files written, where the table itself says so and not the ingest.</summary>
internal sealed record TableFileSettings
{
    /// <summary><c>zstd</c>, <c>snappy</c>, <c>gzip</c> or <c>uncompressed</c>.</summary>
    public required string Codec { get; init; }

    /// <summary>Encoded rows of so many bytes fill a row group.</summary>
    public required long RowGroupBytes { get; init; }

    /// <summary>The most rows of a row group.</summary>
    public required int RowGroupRows { get; init; }

    /// <summary>Bytes that fill a page.</summary>
    public required int PageBytes { get; init; }

    /// <summary>True for data pages of version 2 and the delta encodings.</summary>
    public required bool IsVersion2 { get; init; }

    /// <summary>Whether row keys try a dictionary.</summary>
    public required bool RowKeyDictionary { get; init; }

    /// <summary>Whether sort keys try a dictionary.</summary>
    public required bool SortKeyDictionary { get; init; }

    /// <summary>Whether values try a dictionary.</summary>
    public required bool ValueDictionary { get; init; }

    /// <summary>Bytes kept of a minimum or maximum in the statistics of a row group.</summary>
    public required int StatisticsTruncateBytes { get; init; }

    /// <summary>Bytes kept of a minimum or maximum in the column index.</summary>
    public required int ColumnIndexTruncateBytes { get; init; }

    /// <summary>True for one file with a reference for each leaf that got rows; false for a file for each.</summary>
    public required bool SharedFile { get; init; }
}
