namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>A barrier with nothing to do: what is in memory is as durable as the process.</summary>
internal sealed class InMemoryWriteBarrier : IWriteBarrier
{
    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
