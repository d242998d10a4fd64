using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>
/// Says every few minutes that an attempt is still at work, for as long as it writes its files. Disposing waits for a call that is under way: no heartbeat
/// comes after the attempt's intent was removed.
/// </summary>
internal sealed class Heartbeat : IAsyncDisposable
{
    /// <summary>Far below the grace time of maintenance, an hour by default, so that some may fail.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly IngestTarget _target;
    private readonly IngestAttempt _attempt;
    private readonly PeriodicTimer _timer;
    private readonly Task _beating;

    public Heartbeat(IngestTarget target, IngestAttempt attempt)
    {
        _target = target;
        _attempt = attempt;
        _timer = new PeriodicTimer(Interval, target.Clock);
        _beating = BeatAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _beating.ConfigureAwait(false);
    }

    private async Task BeatAsync()
    {
        while (await _timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                // Not to be cancelled: a put that was called back may land after the intent is gone, and would be there again.
                await _target.StateStore.KeepAliveAsync(_attempt, CancellationToken.None).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A heartbeat that fails must not fail the ingest; the next one may succeed.
            catch (Exception e)
#pragma warning restore CA1031
            {
                PipelineLog.HeartbeatFailed(_target.Logger, _target.IngestId, e);
            }
        }
    }
}
