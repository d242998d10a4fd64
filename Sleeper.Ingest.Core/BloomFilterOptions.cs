namespace Sleeper.Ingest.Core;

/// <summary>
/// Bloom filters in data files: a look-up by row key leaves out files and row groups whose filter says that they do not have the key, for a few hundred
/// bytes read of each. Split block filters with xxHash64, as the Parquet format has them (parquet-format, BloomFilter.md). Immutable.
/// </summary>
/// <remarks>
/// Worth it for tables that are looked up by single keys and have many files in a leaf: statistics alone cannot tell files of the same range apart. With
/// the defaults a filter has 1.3 to 2.6 bytes for each different key of the row group.
/// DuckDB up to 1.5.6 asks a filter of byte arrays for another value than the one wanted (its issue 23053) and then finds no rows; it reads such tables right
/// where it does not look for single byte arrays.
/// </remarks>
public sealed record BloomFilterOptions
{
    /// <summary>
    /// Different values of a row key expected in a row group, at least 1: the filter's size follows from it. Default: null, for as many as there are, which
    /// is right nearly always.
    /// </summary>
    public long? ExpectedDistinctValues { get; init; }

    /// <summary>How often a filter may say "maybe" of a key that is not there, above 0 and below 1. Sizes are powers of two, so it mostly is less. Default: 0.01.</summary>
    public double FalsePositiveProbability { get; init; } = 0.01;

    /// <summary>No filter is larger, 32 bytes to 128 MiB; with more values than it can take it errs more often. Default: 1 MiB, enough for about 800,000 values.</summary>
    public int MaxBytes { get; init; } = 1 << 20;
}
