namespace Sleeper.Ingest.Core.Parquet;

/// <summary>What a file may ask of its reader before it is refused. Each length in a file is a claim; these bound what a claim can cost.</summary>
/// <remarks>Users set them as <see cref="ParquetReadLimits"/>, whose names messages use: a limit has the same name in both.</remarks>
internal sealed record ParquetReaderLimits
{
    public static readonly ParquetReaderLimits Default = new();

    /// <summary>Longest footer.</summary>
    public int MaxFooterBytes { get; init; } = 16 << 20;

    /// <summary>Deepest nesting of structs, lists and maps in footers and page headers; at most 64.</summary>
    public int MaxMetadataDepth { get; init; } = 16;

    /// <summary>Most leaf columns.</summary>
    public int MaxColumns { get; init; } = 10_000;

    /// <summary>Most row groups.</summary>
    public int MaxRowGroups { get; init; } = 100_000;

    /// <summary>Most rows that the footer may claim: 2^40.</summary>
    public long MaxRows { get; init; } = 1L << 40;

    /// <summary>Longest data page without compression.</summary>
    public int MaxPageBytes { get; init; } = 64 << 20;

    /// <summary>Longest dictionary page without compression.</summary>
    public int MaxDictionaryBytes { get; init; } = 64 << 20;

    /// <summary>Longest value.</summary>
    public int MaxValueBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Most bytes of values and level entries that one call of <see cref="RowGroups.RowGroupReader.ReadAsync"/> may put into a vector. A few bytes of a
    /// dictionary page can stand for gigabytes; the caller reads fewer rows at a time.
    /// </summary>
    public int MaxReadBytes { get; init; } = 512 << 20;

    /// <summary>Most bytes that all pages and values of one open file may come to, decompressed and decoded: 2^40.</summary>
    public long MaxDecodedBytes { get; init; } = 1L << 40;

    /// <summary>Most time that reading and decoding the columns of one open file may take, added up over all threads.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.MaxValue;

    /// <summary>What time is measured by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>True to hold each page against its checksum where it has one.</summary>
    public bool VerifyChecksums { get; init; } = true;
}
