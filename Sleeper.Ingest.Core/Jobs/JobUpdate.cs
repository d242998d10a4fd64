using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Something that happened to a job: what a tracker keeps. What a job's state is follows from its updates alone (<see cref="JobStatus"/>).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(JobValidated), "validated")]
[JsonDerivedType(typeof(JobStarted), "started")]
[JsonDerivedType(typeof(JobProgress), "progress")]
[JsonDerivedType(typeof(JobAddedFiles), "addedFiles")]
[JsonDerivedType(typeof(JobFinished), "finished")]
[JsonDerivedType(typeof(JobFailed), "failed")]
public abstract record JobUpdate
{
    private protected JobUpdate()
    {
    }

    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>The table's internal id; null if it is not known.</summary>
    public string? TableId { get; init; }

    /// <summary>The table's name; null if it is not known. Trackers need not keep it.</summary>
    public string? TableName { get; init; }

    /// <summary>The run, one try at the job; null for an update that is a run by itself, as a rejection is.</summary>
    public string? JobRunId { get; init; }

    /// <summary>The process working through jobs; null if it is not known.</summary>
    public string? TaskId { get; init; }

    /// <summary>When the tracker was told.</summary>
    public required DateTimeOffset UpdateTime { get; init; }
}

/// <summary>A job was looked at before it was run. Ingest jobs of files record rejections only.</summary>
public sealed record JobValidated : JobUpdate
{
    /// <summary>When.</summary>
    public required DateTimeOffset ValidationTime { get; init; }

    /// <summary>False for a rejection.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>Why it was rejected, in the words that Sleeper has for it; empty if it was accepted.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>More than the reasons say, such as which paths were missing. Trackers need not keep it.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>The message as it was received.</summary>
    public string? JsonMessage { get; init; }

    /// <summary>Files of the job; 0 for a rejection.</summary>
    public int InputFileCount { get; init; }
}

/// <summary>A run began. Recorded before any row is read.</summary>
public sealed record JobStarted : JobUpdate
{
    /// <summary>When.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Files of the job.</summary>
    public int InputFileCount { get; init; }

    /// <summary>Rows of all files, by their footers; null if that is not known. Trackers need not keep it.</summary>
    public long? RowsExpected { get; init; }

    /// <summary>Files that were named more than once and are read once. Trackers need not keep it.</summary>
    public int DuplicateFileCount { get; init; }

    /// <summary>The queue's message: a redelivery is known by it. Trackers need not keep it.</summary>
    public string? MessageId { get; init; }
}

/// <summary>How far a run is. A later one takes the place of the ones before; trackers need not keep it.</summary>
public sealed record JobProgress : JobUpdate
{
    /// <summary>What is being done.</summary>
    public IngestStage Stage { get; init; }

    /// <summary>Rows read so far.</summary>
    public long RowsRead { get; init; }

    /// <summary>Rows in finished data files.</summary>
    public long RowsWritten { get; init; }
}

/// <summary>Files of a run are in the table.</summary>
public sealed record JobAddedFiles : JobUpdate
{
    /// <summary>When they were committed.</summary>
    public required DateTimeOffset WrittenTime { get; init; }

    /// <summary>Data files, each counted once however many references it has.</summary>
    public int FileCount { get; init; }
}

/// <summary>A run has done all it had to do.</summary>
public sealed record JobFinished : JobUpdate
{
    /// <summary>When.</summary>
    public required DateTimeOffset FinishTime { get; init; }

    /// <summary>Rows of its files.</summary>
    public long RowsRead { get; init; }

    /// <summary>Rows that became, or become, visible.</summary>
    public long RowsWritten { get; init; }

    /// <summary>Data files, each counted once.</summary>
    public int FileCount { get; init; }

    /// <summary>True if <see cref="JobAddedFiles"/> says when the files are in the table, as Sleeper's ingest of files always has it.</summary>
    public bool IsCommittedWhenFilesAdded { get; init; } = true;
}

/// <summary>A run failed, and nothing of it is in the table.</summary>
public sealed record JobFailed : JobUpdate
{
    /// <summary>When.</summary>
    public required DateTimeOffset FinishTime { get; init; }

    /// <summary>The messages of the error and those inside it, from the outside in. Never null or empty texts.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}
