using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core;

/// <summary>How an ingest ended.</summary>
public enum IngestOutcome
{
    /// <summary>This call made the rows visible.</summary>
    Committed,

    /// <summary>An earlier run with the same ingest id made them visible; the rows given to this one were counted and dropped.</summary>
    AlreadyCommitted,

    /// <summary>There were no rows, or the table's filters dropped all of them: nothing was written and nothing is recorded.</summary>
    NothingToCommit,

    /// <summary>
    /// The commit was handed to the committer of the instance, which makes the rows visible later, all together. If it cannot, nobody is told: the message lies with the dead
    /// letters of its queue. <see cref="Table.ResolveAsync"/> says whether it happened.
    /// </summary>
    Queued,
}

/// <summary>Time spent in each stage. Stages that overlap count each for itself.</summary>
/// <param name="Accepting">From opening to completing: taking rows in, encoding, bucketing and spilling.</param>
/// <param name="Writing">Sorting, merging and writing data files.</param>
/// <param name="Syncing">Making the data files durable.</param>
/// <param name="Committing">Putting the entry into the table's log.</param>
public sealed record IngestTimes(TimeSpan Accepting, TimeSpan Writing, TimeSpan Syncing, TimeSpan Committing)
{
    /// <summary>All of it.</summary>
    public TimeSpan Total => Accepting + Writing + Syncing + Committing;
}

/// <summary>What an ingest did.</summary>
public sealed record IngestResult
{
    /// <summary>The ingest's id.</summary>
    public required string IngestId { get; init; }

    /// <summary>How it ended.</summary>
    public required IngestOutcome Outcome { get; init; }

    /// <summary>The number of its entry in the table's log; 0 if there is none, or none yet.</summary>
    public long CommitNumber { get; init; }

    /// <summary>Rows that became visible, or will if the commit is queued: fewer than were taken in if the table's filters dropped or its aggregations joined some.</summary>
    public long RowCount { get; init; }

    /// <summary>Rows that were given and not rejected.</summary>
    public long InputRowCount { get; init; }

    /// <summary>Rows that were handed to the callback for bad rows.</summary>
    public long RejectedRowCount { get; init; }

    /// <summary>Data files with their references to leaves.</summary>
    public IReadOnlyList<DataFile> Files { get; init; } = [];

    /// <summary>Leaf partitions of the table when the ingest began.</summary>
    public int LeafCount { get; init; }

    /// <summary>Bytes taken in: Parquet files as they lie, other rows as encoded.</summary>
    public long InputBytes { get; init; }

    /// <summary>Bytes of the data files.</summary>
    public long OutputBytes { get; init; }

    /// <summary>Bytes written to local disk because memory was used up; 0 if all fitted. Rows of one length are packed, so they may be fewer than the rows have.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>Rows written to local disk because memory was used up, each counted as often as it was written; 0 if all fitted.</summary>
    public long SpilledRowCount { get; init; }

    /// <summary>Of them rows that were written again, because a part of them lay in more runs than memory could merge at once. Usually 0: then no row was written twice.</summary>
    public long RespilledRowCount { get; init; }

    /// <summary>The most memory that the pipeline held at one time, in bytes, as it counts itself.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>The ingest job whose members the entry or message bears; null for none.</summary>
    internal CommitJob? Job { get; init; }

    /// <summary>Time for each stage.</summary>
    public IngestTimes Times { get; init; } = new(default, default, default, default);
}
