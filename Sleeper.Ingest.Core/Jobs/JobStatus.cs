namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A job with all its runs, as its updates tell.</summary>
public sealed class JobStatus
{
    private JobStatus(string jobId, JobRun[] runs)
    {
        JobId = jobId;
        Runs = runs;
    }

    /// <summary>The job's id.</summary>
    public string JobId { get; }

    /// <summary>Its runs, the newest first by their first update. At least one.</summary>
    public IReadOnlyList<JobRun> Runs { get; }

    /// <summary>The furthest of its runs' states.</summary>
    public JobState State => Runs.Max(r => r.State);

    /// <summary>The table's id; null if it is not known.</summary>
    public string? TableId => AllUpdates.Select(u => u.TableId).FirstOrDefault(t => t is not null);

    /// <summary>The table's name; null if it is not known.</summary>
    public string? TableName => AllUpdates.Select(u => u.TableName).FirstOrDefault(t => t is not null);

    /// <summary>True if a run is under way, or none has come to an end that counts.</summary>
    public bool IsUnfinished =>
        Runs.Any(r => r.State is JobState.Accepted or JobState.InProgress) || !Runs.Any(r => r.State is JobState.Rejected or JobState.Finished);

    private IEnumerable<JobUpdate> AllUpdates => Runs.SelectMany(r => r.Updates);

    /// <summary>Puts updates of any number of jobs together.</summary>
    /// <returns>The jobs, the one with the newest run first.</returns>
    public static IReadOnlyList<JobStatus> FromUpdates(IEnumerable<JobUpdate> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return [.. updates.GroupBy(u => u.JobId, StringComparer.Ordinal).Select(FromUpdatesOfJob).OrderByDescending(j => j.Runs[0].FirstUpdateTime)];
    }

    /// <summary>Whether something of it happened in a stretch of time.</summary>
    internal bool IsIn(DateTimeOffset from, DateTimeOffset to) =>
        Runs.Any(r => r.FirstUpdateTime <= to && (r.FinishTime ?? (r.State == JobState.InProgress ? DateTimeOffset.MaxValue : r.Updates[^1].UpdateTime)) >= from);

    private static JobStatus FromUpdatesOfJob(IGrouping<string, JobUpdate> updates)
    {
        int alone = 0;
        var runs = updates.GroupBy(u => u.JobRunId ?? $"\0{alone++}", StringComparer.Ordinal).Select(run => new JobRun(run));
        return new JobStatus(updates.Key, [.. runs.OrderByDescending(r => r.FirstUpdateTime)]);
    }
}
