using Sleeper.Ingest.Core.Jobs;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>A tracker in memory that keeps of a job what a deployed instance's keeps: every update that differs from those before, and no message ids.</summary>
internal sealed class AppendingTracker : IJobTracker
{
    private readonly Lock _lock = new();
    private readonly HashSet<JobUpdate> _updates = [];

    public Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _updates.Add(update is JobStarted started ? started with { MessageId = null } : update);
        }

        return Task.CompletedTask;
    }

    public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, CancellationToken cancellationToken = default) => Read(u => u.JobId == jobId);

    public IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default) => Read(u => u.TableId == tableId);

    public IAsyncEnumerable<JobUpdate> ReadRejectedAsync(CancellationToken cancellationToken = default) => Read(u => u is JobValidated { IsAccepted: false });

    public IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default) => AsyncEnumerable.Empty<IngestTaskUpdate>();

    public Task<int> ForgetOldAsync(CancellationToken cancellationToken = default) => Task.FromResult(0);

    private IAsyncEnumerable<JobUpdate> Read(Func<JobUpdate, bool> which)
    {
        lock (_lock)
        {
            return _updates.Where(which).ToList().ToAsyncEnumerable();
        }
    }
}
