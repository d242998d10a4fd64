using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Queues;

/// <summary>The time as a store has it, from below: an object is written and looked at now and then, and the time since is measured.</summary>
/// <remarks>
/// A store says of an object when it was written, perhaps cut to whole seconds. At the moment at which this answer has come the store's clock shows at least
/// that. So a lease is never taken for run out before its time, by more than the cut.
/// </remarks>
internal sealed class StoreClock(IObjectStore store, string path, TimeProvider clock)
{
    /// <summary>After so long the store is asked anew: measured time drifts, and clocks are set.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(1);

    private DateTimeOffset _time;
    private long? _asked;

    public async Task<DateTimeOffset> GetNowAsync(CancellationToken cancellationToken)
    {
        if (_asked is not { } asked || clock.GetElapsedTime(asked) > Validity)
        {
            await store.PutAsync(path, "{}"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            var found = await store.HeadAsync(path, cancellationToken).ConfigureAwait(false);
            _asked = asked = clock.GetTimestamp();
            _time = found?.LastModified ?? throw new QueueException(store.Name, $"The object '{path}' was written and is not there: the store does not keep what it is given.");
        }

        return _time + clock.GetElapsedTime(asked);
    }
}
