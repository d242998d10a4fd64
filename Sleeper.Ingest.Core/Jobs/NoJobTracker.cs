using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Keeps nothing.</summary>
internal sealed class NoJobTracker : IJobTracker
{
    public static NoJobTracker Instance { get; } = new();

    public Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, CancellationToken cancellationToken = default) => NothingAsync<JobUpdate>(cancellationToken);

    public IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default) => NothingAsync<JobUpdate>(cancellationToken);

    public IAsyncEnumerable<JobUpdate> ReadRejectedAsync(CancellationToken cancellationToken = default) => NothingAsync<JobUpdate>(cancellationToken);

    public IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default) => NothingAsync<IngestTaskUpdate>(cancellationToken);

    public Task<int> ForgetOldAsync(CancellationToken cancellationToken = default) => Task.FromResult(0);

    private static async IAsyncEnumerable<T> NothingAsync<T>([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(false);
        yield break;
    }
}
