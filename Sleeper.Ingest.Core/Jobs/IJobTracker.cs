namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Keeps what happened to jobs and to the processes that work through them. Nothing in it decides what is true of a table.</summary>
/// <remarks>Updates are kept for some time, a week by default; workers have old ones removed. Reads may lag behind. Thread-safe.</remarks>
public interface IJobTracker
{
    /// <summary>Keeps an update of a job.</summary>
    Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default);

    /// <summary>Keeps what a process is or was.</summary>
    Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default);

    /// <summary>All updates of one job, in no order.</summary>
    IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, CancellationToken cancellationToken = default);

    /// <summary>All updates of a table's jobs, in no order; with null those of jobs whose table is not known.</summary>
    IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default);

    /// <summary>All updates of jobs that were rejected, in no order.</summary>
    IAsyncEnumerable<JobUpdate> ReadRejectedAsync(CancellationToken cancellationToken = default);

    /// <summary>All processes, in no order; of each one or two updates.</summary>
    IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default);

    /// <summary>Removes what has been kept long enough. Workers call it when they begin and then once a day; trackers whose service does it by itself do nothing.</summary>
    /// <returns>How many updates were removed.</returns>
    Task<int> ForgetOldAsync(CancellationToken cancellationToken = default);
}
