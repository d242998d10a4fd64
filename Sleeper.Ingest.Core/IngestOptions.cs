using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core;

/// <summary>All settings of an ingest. Immutable; made and checked by <see cref="IngestFactory"/>.</summary>
public sealed record IngestOptions
{
    /// <summary>The table's schema; null to take it from the table, which must exist then.</summary>
    public Schema? Schema { get; init; }

    /// <summary>
    /// The table's name: 1 to 128 letters, digits, dots, underscores and hyphens. Default: <c>default</c>. In a deployed instance any name that a table has there, or its id.
    /// </summary>
    public string TableName { get; init; } = "default";

    /// <summary>Where the table lies, if it is an own table. This, <see cref="Instance"/> or <see cref="InstanceName"/> is required.</summary>
    public IObjectStore? ObjectStore { get; init; }

    /// <summary>The deployed instance that has the table. It stays yours to dispose of.</summary>
    public SleeperInstance? Instance { get; init; }

    /// <summary>The id or the config bucket of the deployed instance that has the table: it is opened with the first writer.</summary>
    public string? InstanceName { get; init; }

    /// <summary>How the instance of <see cref="InstanceName"/> is reached. Null for the defaults of the AWS SDK.</summary>
    public SleeperInstanceOptions? InstanceOptions { get; init; }

    /// <summary>True if the table is one of a deployed instance.</summary>
    internal bool IsLive => Instance is not null || InstanceName is not null;

    /// <summary>The table's state; null for the one that an own table keeps beside its files.</summary>
    public IStateStore? StateStore { get; init; }

    /// <summary>How the commit reaches the log of a table of a deployed instance. Default: <see cref="Core.CommitMode.Direct"/>.</summary>
    public CommitMode CommitMode { get; init; } = CommitMode.Direct;

    /// <summary>
    /// How long completing waits for a queued commit to be in the table's log. If it is not there in time, its end is unknown: an error, and the files stay. Default:
    /// zero, not at all.
    /// </summary>
    public TimeSpan QueuedCommitWait { get; init; }

    /// <summary>The try at a job that the ingest is; null for none.</summary>
    internal CommitJob? Job { get; init; }

    /// <summary>Split points on the first row key, ascending, for a table that does not exist yet. Null for none.</summary>
    public IReadOnlyList<FieldValue>? SplitPoints { get; init; }

    /// <summary>
    /// The partitions of a table that does not exist yet, for one that is split on several row keys. A table that exists keeps its own. Null for none.
    /// </summary>
    public PartitionTree? Partitions { get; init; }

    /// <summary>Leaves to split a table into that does not exist yet, at quantiles of its first rows. Null for none.</summary>
    public int? PreSplitLeafCount { get; init; }

    /// <summary>
    /// Which rows of a table that does not exist yet are dropped, in Sleeper's words: <c>ageOff(field,milliseconds)</c> for those whose time, in the long field, is so long
    /// ago or more, or null. Kept with the table, for all ingests and reads. For a table that exists it must be what the table has. Null for none.
    /// </summary>
    public string? Filters { get; init; }

    /// <summary>
    /// How rows with equal row keys and sort keys of a table that does not exist yet become one, in Sleeper's words: <c>sum(count),min(first),map_sum(byKind)</c>, with one
    /// operation of sum, min and max for each value field. Kept with the table like <see cref="Filters"/>. Null for none.
    /// </summary>
    public string? Aggregations { get; init; }

    /// <summary>
    /// The Java class of a further iterator of a table that does not exist yet; only <c>sleeper.core.iterator.AgeOffIterator</c> can be run here. Kept with the table like
    /// <see cref="Filters"/>. Null for none.
    /// </summary>
    public string? IteratorClassName { get; init; }

    /// <summary>What the iterator is told; for the age-off iterator <c>field,milliseconds</c>. Null for none.</summary>
    public string? IteratorConfig { get; init; }

    /// <summary>Which columns of Parquet files the fields take, and how they are converted. Default: each the column of its own name, exactly.</summary>
    public ParquetMapping ParquetMapping { get; init; } = ParquetMapping.ByName;

    /// <summary>The folder for spill files; each ingest makes one of its own inside. Null for <c>sleeper-ingest-USER</c> in the system's folder for temporary files.</summary>
    public string? SpillFolder { get; init; }

    /// <summary>Bytes for everything the pipeline holds. Default: 1 GiB, or a quarter of the memory that the process may use if that is less.</summary>
    public long MemoryBudgetBytes { get; init; } = DefaultMemoryBudgetBytes;

    /// <summary>Bytes of spill files. Default: no limit but the disk's.</summary>
    public long DiskBudgetBytes { get; init; } = long.MaxValue;

    /// <summary>Workers that encode, sort and write. Default: the number of processors.</summary>
    public int DegreeOfParallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>How pages are compressed. Default: zstd, or snappy with one warning where libzstd cannot be loaded.</summary>
    public DataFileCodec Codec { get; init; } = DataFileCodec.Zstd;

    /// <summary>The codec's level. Default: zstd 1.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>The most rows of a row group. Default: 100,000.</summary>
    public int RowGroupRowCount { get; init; } = 100_000;

    /// <summary>Bytes of encoded rows that fill a row group. Default: 8 MiB.</summary>
    public long RowGroupBytes { get; init; } = 8L << 20;

    /// <summary>Bytes that fill a page. Default: 128 KiB.</summary>
    public int PageBytes { get; init; } = 128 * 1024;

    /// <summary>The most rows of a page. Default: 20,000.</summary>
    public int PageRowCount { get; init; } = 20_000;

    /// <summary>
    /// The version of data pages, 1 or 2. Version 1 is for readers that know no other; its fields of <see cref="DataFileEncoding.Auto"/> are plain or have a
    /// dictionary. Default: 2.
    /// </summary>
    public int PageVersion { get; init; } = 2;

    /// <summary>
    /// Bytes kept of the smallest and largest text or byte array of a row group in the footer; longer ones are cut so that they stay bounds. At least 1.
    /// Default: <see cref="int.MaxValue"/>, all of them.
    /// </summary>
    public int RowGroupBoundBytes { get; init; } = int.MaxValue;

    /// <summary>The same for a page, in the page index. Default: 128.</summary>
    public int PageBoundBytes { get; init; } = 128;

    /// <summary>Fields whose encoding or dictionary is chosen, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, DataFileFieldOptions> FieldOptions { get; init; } = ImmutableDictionary<string, DataFileFieldOptions>.Empty;

    /// <summary>Bloom filters of all row keys, for look-ups of single keys in tables with many files in a leaf. Default: null, none.</summary>
    public BloomFilterOptions? RowKeyBloomFilters { get; init; }

    /// <summary>How rows are spread over files. Default: one file for each leaf.</summary>
    public FileWritingStrategy FileStrategy { get; init; } = FileWritingStrategy.OneFilePerLeaf;

    /// <summary>What a Parquet file that is ingested may ask of its reader before it is refused. Default: <see cref="ParquetReadLimits.Default"/>.</summary>
    public ParquetReadLimits ParquetLimits { get; init; } = ParquetReadLimits.Default;

    /// <summary>The longest value of a key field, in bytes. Default: 64 KiB.</summary>
    public int MaxKeyFieldBytes { get; init; } = 64 * 1024;

    /// <summary>The ingest's id, 1 to 1,024 bytes of UTF-8; null for a new random one.</summary>
    public string? IngestId { get; init; }

    /// <summary>Called for each bad row, in order; null to fail at the first one.</summary>
    public Action<RowError>? OnRowError { get; init; }

    /// <summary>False to leave out syncing to disk before a commit. Default: true.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>Rows after which a stream commits and goes on under the next id; null for one commit at the end.</summary>
    public long? CommitEveryRowCount { get; init; }

    /// <summary>Time after which a stream commits and goes on under the next id; null for one commit at the end.</summary>
    public TimeSpan? CommitEveryTime { get; init; }

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where logs go. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Told a few times a second how far the ingest is. Default: nobody.</summary>
    public IProgress<IngestProgress>? Progress { get; init; }

    /// <summary>The disk of the spill folder; null for the real one.</summary>
    internal Spilling.ISpillFileSystem? SpillFiles { get; init; }

    /// <summary>Told what each stage takes; null for nobody.</summary>
    internal Diagnostics.StageClock? StageClock { get; init; }

    internal Transforming.TableIteratorProperties Iterators => new(Filters, Aggregations, IteratorClassName, IteratorConfig);

    private static long DefaultMemoryBudgetBytes =>
        Math.Max(64L << 20, Math.Min(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4));
}
