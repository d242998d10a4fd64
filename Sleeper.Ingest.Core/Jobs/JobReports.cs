namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Answers questions about jobs from what a tracker has kept.</summary>
public sealed class JobReports
{
    private readonly IJobTracker _tracker;

    /// <summary>Reports of one tracker.</summary>
    public JobReports(IJobTracker tracker)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        _tracker = tracker;
    }

    /// <summary>One job; null if nothing is known of it.</summary>
    public async Task<JobStatus?> FindAsync(string jobId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        var jobs = await CollectAsync(_tracker.ReadJobAsync(jobId, cancellationToken)).ConfigureAwait(false);
        return jobs.FirstOrDefault(j => j.JobId == jobId);
    }

    /// <summary>All jobs of a table, the one with the newest run first; with null those whose table is not known.</summary>
    public Task<IReadOnlyList<JobStatus>> ListAsync(string? tableId, CancellationToken cancellationToken = default) =>
        CollectAsync(_tracker.ReadTableAsync(tableId, cancellationToken));

    /// <summary>A table's jobs that are not done.</summary>
    public async Task<IReadOnlyList<JobStatus>> ListUnfinishedAsync(string? tableId, CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(tableId, cancellationToken).ConfigureAwait(false)).Where(j => j.IsUnfinished)];

    /// <summary>A table's jobs of which a run was under way in a stretch of time, its ends included.</summary>
    public async Task<IReadOnlyList<JobStatus>> ListBetweenAsync(string? tableId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(tableId, cancellationToken).ConfigureAwait(false)).Where(j => j.IsIn(from, to))];

    /// <summary>A table's jobs of which a run was in one process.</summary>
    public async Task<IReadOnlyList<JobStatus>> ListOfTaskAsync(string? tableId, string taskId, CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(tableId, cancellationToken).ConfigureAwait(false)).Where(j => j.Runs.Any(r => r.TaskId == taskId))];

    /// <summary>All jobs that were rejected, of any table.</summary>
    public Task<IReadOnlyList<JobStatus>> ListRejectedAsync(CancellationToken cancellationToken = default) =>
        CollectAsync(_tracker.ReadRejectedAsync(cancellationToken));

    /// <summary>All processes that work or worked through jobs, the newest first; of each what was heard last.</summary>
    public async Task<IReadOnlyList<IngestTaskUpdate>> ListTasksAsync(CancellationToken cancellationToken = default)
    {
        var newest = new Dictionary<string, IngestTaskUpdate>(StringComparer.Ordinal);
        await foreach (var update in _tracker.ReadTasksAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!newest.TryGetValue(update.TaskId, out var known) || known.FinishTime is null)
            {
                newest[update.TaskId] = update;
            }
        }

        return [.. newest.Values.OrderByDescending(t => t.StartTime)];
    }

    private static async Task<IReadOnlyList<JobStatus>> CollectAsync(IAsyncEnumerable<JobUpdate> source)
    {
        List<JobUpdate> updates = [];
        await foreach (var update in source.ConfigureAwait(false))
        {
            updates.Add(update);
        }

        return JobStatus.FromUpdates(updates);
    }
}
