using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Measures how long syncing takes.</summary>
internal sealed class TimedBarrier(IWriteBarrier inner, TimeProvider clock) : IWriteBarrier
{
    /// <summary>Time spent in flushes so far.</summary>
    public TimeSpan Elapsed { get; private set; }

    public async ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default)
    {
        long start = clock.GetTimestamp();
        await inner.FlushAsync(paths, cancellationToken).ConfigureAwait(false);
        Elapsed += clock.GetElapsedTime(start);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
