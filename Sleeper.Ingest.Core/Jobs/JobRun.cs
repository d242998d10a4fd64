namespace Sleeper.Ingest.Core.Jobs;

/// <summary>One try at a job, as its updates tell.</summary>
public sealed class JobRun
{
    private readonly JobUpdate[] _updates;

    internal JobRun(IEnumerable<JobUpdate> updates)
    {
        _updates = [.. updates.OrderBy(u => u.UpdateTime).ThenBy(Rank)];
    }

    /// <summary>The run's id; null for a rejection.</summary>
    public string? RunId => _updates[0].JobRunId;

    /// <summary>The process that it ran in; null if that is not known.</summary>
    public string? TaskId => _updates.Select(u => u.TaskId).FirstOrDefault(t => t is not null);

    /// <summary>What happened, oldest first.</summary>
    public IReadOnlyList<JobUpdate> Updates => _updates;

    /// <summary>When it was first heard of.</summary>
    public DateTimeOffset FirstUpdateTime => _updates[0].UpdateTime;

    /// <summary>When it began; null if it did not.</summary>
    public DateTimeOffset? StartTime => Last<JobStarted>()?.StartTime;

    /// <summary>When it ended, well or not; null if it did not.</summary>
    public DateTimeOffset? FinishTime => Last<JobFinished>()?.FinishTime ?? Last<JobFailed>()?.FinishTime;

    /// <summary>By the furthest update, not by the latest one: a failure counts more than anything, whenever it came.</summary>
    public JobState State => _updates.MaxBy(Rank) switch
    {
        JobValidated { IsAccepted: true } => JobState.Accepted,
        JobValidated => JobState.Rejected,
        JobFailed => JobState.Failed,
        JobFinished { IsCommittedWhenFilesAdded: true } finished => _updates.OfType<JobAddedFiles>().Sum(a => (long)a.FileCount) == finished.FileCount
            ? JobState.Finished
            : JobState.Uncommitted,
        JobFinished => JobState.Finished,
        _ => JobState.InProgress,
    };

    /// <summary>Why it was rejected or failed; empty if it was not.</summary>
    public IReadOnlyList<string> Reasons => Last<JobFailed>()?.Reasons ?? Last<JobValidated>()?.Reasons ?? [];

    /// <summary>More than the reasons say; empty if there is nothing.</summary>
    public IReadOnlyList<string> Details => Last<JobValidated>()?.Details ?? [];

    /// <summary>The queue's message that it was for; null if that is not known.</summary>
    internal string? MessageId => Last<JobStarted>()?.MessageId;

    /// <summary>Files that it reads.</summary>
    public int InputFileCount => Last<JobStarted>()?.InputFileCount ?? 0;

    /// <summary>Rows of its files by their footers; null if that is not known.</summary>
    public long? RowsExpected => Last<JobStarted>()?.RowsExpected;

    /// <summary>Rows read so far, as far as that is known.</summary>
    public long RowsRead => Last<JobFinished>()?.RowsRead ?? Last<JobProgress>()?.RowsRead ?? 0;

    /// <summary>Rows that it put into the table, once it is finished.</summary>
    public long RowsWritten => Last<JobFinished>()?.RowsWritten ?? 0;

    /// <summary>How much of its rows are read, from 0 to 100; null if that is not known.</summary>
    public double? PercentDone => State == JobState.Finished ? 100 : RowsExpected is > 0 and var rows ? Math.Min(100, 100.0 * RowsRead / rows) : null;

    /// <summary>Rows read a second, from its start to its end or to what was last heard of it; null before anything is known.</summary>
    public double? RowsPerSecond
    {
        get
        {
            var until = FinishTime ?? Last<JobProgress>()?.UpdateTime;
            return StartTime is { } start && until > start && RowsRead > 0 ? RowsRead / (until.Value - start).TotalSeconds : null;
        }
    }

    /// <summary>When all its rows will be read, if it goes on as it did; null if that cannot be said.</summary>
    public DateTimeOffset? EstimatedEnd =>
        State == JobState.InProgress && RowsPerSecond is { } rate && RowsExpected is { } rows && Last<JobProgress>() is { } last
            ? last.UpdateTime + TimeSpan.FromSeconds(Math.Max(0, rows - last.RowsRead) / rate)
            : null;

    private static int Rank(JobUpdate update) => update switch
    {
        JobValidated { IsAccepted: true } => 1,
        JobStarted => 2,
        JobProgress => 2,
        JobAddedFiles => 3,
        JobFinished { IsCommittedWhenFilesAdded: true } => 4,
        JobFinished => 5,
        JobValidated => 6,
        _ => 7,
    };

    private T? Last<T>()
        where T : JobUpdate => _updates.OfType<T>().LastOrDefault();
}
