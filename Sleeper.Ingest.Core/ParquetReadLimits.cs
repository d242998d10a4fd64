using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core;

/// <summary>
/// What a Parquet file may ask of its reader before it is refused, by a <see cref="ParquetFormatException"/> that names the limit. Each length in a file is
/// a claim; these bound what a claim can cost before it is found false. The defaults fit every file that people are known to have; lower them for files
/// from strangers, raise one for a file that is trusted. Immutable.
/// </summary>
public sealed record ParquetReadLimits
{
    /// <summary>The defaults.</summary>
    public static ParquetReadLimits Default { get; } = new();

    /// <summary>Longest footer, in bytes. Default: 16 MiB.</summary>
    public int MaxFooterBytes { get; init; } = ParquetReaderLimits.Default.MaxFooterBytes;

    /// <summary>Deepest nesting of structures in footers and page headers, 8 to 64. Default: 16.</summary>
    public int MaxMetadataDepth { get; init; } = ParquetReaderLimits.Default.MaxMetadataDepth;

    /// <summary>Most columns, counted at the leaves of the schema. Default: 10,000.</summary>
    public int MaxColumns { get; init; } = ParquetReaderLimits.Default.MaxColumns;

    /// <summary>Most row groups of a file. Default: 100,000.</summary>
    public int MaxRowGroups { get; init; } = ParquetReaderLimits.Default.MaxRowGroups;

    /// <summary>Most rows of a file. Default: 2^40.</summary>
    public long MaxRows { get; init; } = ParquetReaderLimits.Default.MaxRows;

    /// <summary>Longest data page, in bytes without compression. Default: 64 MiB.</summary>
    public int MaxPageBytes { get; init; } = ParquetReaderLimits.Default.MaxPageBytes;

    /// <summary>Longest dictionary page, in bytes without compression. Default: 64 MiB.</summary>
    public int MaxDictionaryBytes { get; init; } = ParquetReaderLimits.Default.MaxDictionaryBytes;

    /// <summary>Longest single value, in bytes, up to 1 GiB. Default: 16 MiB.</summary>
    public int MaxValueBytes { get; init; } = ParquetReaderLimits.Default.MaxValueBytes;

    /// <summary>
    /// Most bytes, up to 1 GiB, that the values of one column may take in a stretch of 4,096 rows, which is what is decoded at a time. Default: 512 MiB.
    /// </summary>
    public int MaxReadBytes { get; init; } = ParquetReaderLimits.Default.MaxReadBytes;

    /// <summary>Most bytes that all pages and values of a file may come to, decompressed and decoded. Default: 2^40.</summary>
    public long MaxDecodedBytes { get; init; } = ParquetReaderLimits.Default.MaxDecodedBytes;

    /// <summary>
    /// Most time that reading and decoding the columns of a file may take, added up over all threads; looked at after each stretch of rows. What the
    /// caller does with the rows is not counted. Default: no limit.
    /// </summary>
    public TimeSpan MaxTime { get; init; } = ParquetReaderLimits.Default.MaxTime;

    /// <summary>True to hold each page against its checksum where it has one. Default: true.</summary>
    public bool VerifyChecksums { get; init; } = ParquetReaderLimits.Default.VerifyChecksums;

    /// <summary>The same for the engine.</summary>
    /// <param name="clock">What time is measured by; null for the system's.</param>
    /// <exception cref="ArgumentException">A limit is outside of its range: all of them are named.</exception>
    internal ParquetReaderLimits ForReader(TimeProvider? clock = null)
    {
        string[] faults = [.. Faults()];
        if (faults.Length > 0)
        {
            throw new ArgumentException($"The limits for Parquet files do not work: {string.Join("; ", faults)}.");
        }

        return new ParquetReaderLimits
        {
            MaxFooterBytes = MaxFooterBytes,
            MaxMetadataDepth = MaxMetadataDepth,
            MaxColumns = MaxColumns,
            MaxRowGroups = MaxRowGroups,
            MaxRows = MaxRows,
            MaxPageBytes = MaxPageBytes,
            MaxDictionaryBytes = MaxDictionaryBytes,
            MaxValueBytes = MaxValueBytes,
            MaxReadBytes = MaxReadBytes,
            MaxDecodedBytes = MaxDecodedBytes,
            MaxTime = MaxTime,
            Clock = clock ?? TimeProvider.System,
            VerifyChecksums = VerifyChecksums,
        };
    }

    /// <summary>What is wrong with the limits themselves.</summary>
    internal IEnumerable<string> Faults()
    {
        const int Gibibyte = 1 << 30;
        (string Name, long Value, long Least, long Most)[] ranges =
        [
            (nameof(MaxFooterBytes), MaxFooterBytes, 1, Gibibyte),
            (nameof(MaxMetadataDepth), MaxMetadataDepth, 8, 64),
            (nameof(MaxColumns), MaxColumns, 1, int.MaxValue),
            (nameof(MaxRowGroups), MaxRowGroups, 1, int.MaxValue),
            (nameof(MaxRows), MaxRows, 1, long.MaxValue),
            (nameof(MaxPageBytes), MaxPageBytes, 1, Gibibyte),
            (nameof(MaxDictionaryBytes), MaxDictionaryBytes, 1, Gibibyte),
            (nameof(MaxValueBytes), MaxValueBytes, 1, Gibibyte),
            (nameof(MaxReadBytes), MaxReadBytes, 1024, Gibibyte),
            (nameof(MaxDecodedBytes), MaxDecodedBytes, 1024, long.MaxValue),
        ];
        return
        [
            .. ranges.Where(r => r.Value < r.Least || r.Value > r.Most).Select(r => $"{r.Name} is {r.Value:N0}, not {r.Least:N0} to {r.Most:N0}"),
            .. MaxTime > TimeSpan.Zero ? Array.Empty<string>() : [$"{nameof(MaxTime)} is {MaxTime:g}, which no file can be read in"],
        ];
    }
}
