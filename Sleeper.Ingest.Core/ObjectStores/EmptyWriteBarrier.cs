namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>A barrier with nothing left to do: what is in memory is as durable as the process, what is in a bucket was durable when the put was answered.</summary>
internal sealed class EmptyWriteBarrier : IWriteBarrier
{
    public ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
