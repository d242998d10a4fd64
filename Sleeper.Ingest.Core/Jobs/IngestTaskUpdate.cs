namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A process that works through jobs: what a tracker keeps of it, once when it starts and once when it has ended.</summary>
public sealed record IngestTaskUpdate
{
    /// <summary>The process.</summary>
    public required string TaskId { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>When the tracker was told.</summary>
    public required DateTimeOffset UpdateTime { get; init; }

    /// <summary>When it ended; null while it runs, and for ever if it died.</summary>
    public DateTimeOffset? FinishTime { get; init; }

    /// <summary>Time spent on jobs that succeeded. Jobs at the same time count each for itself.</summary>
    public TimeSpan TimeOnJobs { get; init; }

    /// <summary>Jobs that succeeded.</summary>
    public int JobCount { get; init; }

    /// <summary>Rows that these read.</summary>
    public long RowsRead { get; init; }

    /// <summary>Rows that these wrote.</summary>
    public long RowsWritten { get; init; }

    /// <summary>Rows read a second of the time on jobs; not a number if there was none.</summary>
    public double RowsReadPerSecond => RowsRead / TimeOnJobs.TotalSeconds;

    /// <summary>Rows written a second of the time on jobs; not a number if there was none.</summary>
    public double RowsWrittenPerSecond => RowsWritten / TimeOnJobs.TotalSeconds;
}
