using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>A tracker that may throw before it keeps an update.</summary>
internal sealed class ScriptedTracker(IJobTracker inner) : IJobTracker
{
    public Action<JobUpdate> Before { get; set; } = _ => { };

    public Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default)
    {
        Before(update);
        return inner.AddAsync(update, cancellationToken);
    }

    public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default) => inner.AddAsync(update, cancellationToken);

    public IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, CancellationToken cancellationToken = default) => inner.ReadJobAsync(jobId, cancellationToken);

    public IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default) => inner.ReadTableAsync(tableId, cancellationToken);

    public IAsyncEnumerable<JobUpdate> ReadRejectedAsync(CancellationToken cancellationToken = default) => inner.ReadRejectedAsync(cancellationToken);

    public IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default) => inner.ReadTasksAsync(cancellationToken);

    public Task<int> ForgetOldAsync(CancellationToken cancellationToken = default) => inner.ForgetOldAsync(cancellationToken);
}
