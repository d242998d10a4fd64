namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What an own table's log entry says besides Sleeper's body: all that a committer needs to know of it.</summary>
internal sealed record EntryHeader
{
    /// <summary>The table's id: an entry that strayed in from another table is found out.</summary>
    public required string TableId { get; init; }

    public required LogKind Log { get; init; }

    /// <summary>From 1; also the entry's name.</summary>
    public required long Number { get; init; }

    public required TransactionType Type { get; init; }

    /// <summary>By the writer's clock, to the millisecond. For people and for update times, never for order.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Who wrote it, for people.</summary>
    public required string Writer { get; init; }

    /// <summary>The ingest that the entry commits or ends; null for none.</summary>
    public string? IngestId { get; init; }

    /// <summary>The attempt that the entry commits or ends; null in an END of all attempts.</summary>
    public string? AttemptId { get; init; }

    /// <summary>True for an END: the attempt, or without an attempt every attempt of the ingest that was opened before this entry, may not commit.</summary>
    public bool IsEnd { get; init; }

    /// <summary>The last entry of the files log that the attempt had read when it was opened.</summary>
    public long OpenedAt { get; init; }

    /// <summary>The entry of the partitions log that the files' leaves come from, or a later one.</summary>
    public long PartitionsNumber { get; init; }

    /// <summary>Rows that the entry adds.</summary>
    public long RowCount { get; init; }

    /// <summary>Files that the entry adds.</summary>
    public int FileCount { get; init; }

    /// <summary>The caller's digest of the rows; empty for none.</summary>
    public string Digest { get; init; } = "";

    /// <summary>If set, ingests that were committed by an entry before this number are forgotten, and attempts opened before it may not commit.</summary>
    public long? LedgerFrom { get; init; }

    /// <summary>The checksum of the entry before; empty in entry 1.</summary>
    public required string Before { get; init; }

    /// <summary>True if the entry makes an ingest's files visible.</summary>
    public bool IsCommit => IngestId is not null && !IsEnd && Type == TransactionType.AddFiles;
}
