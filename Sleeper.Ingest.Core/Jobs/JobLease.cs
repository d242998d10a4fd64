using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>
/// Keeps a message for as long as its job runs. A keep-alive that fails is tried again until the lease would have run out; then, or when the queue says that
/// somebody else has the message, the lease is lost, and whoever works under it must end before it commits.
/// </summary>
internal sealed class JobLease : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly IMessageQueue _queue;
    private readonly QueueMessage _message;
    private readonly IngestJobWorkerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Task _keeping;
    private long _keptAt;

    public JobLease(IMessageQueue queue, QueueMessage message, IngestJobWorkerOptions options, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _options = options;
        _logger = logger;
        _keptAt = options.Clock.GetTimestamp();
        _keeping = KeepAsync();
    }

    /// <summary>Cancelled when the lease is lost.</summary>
    public CancellationToken Lost => _lost.Token;

    public bool IsLost => _lost.IsCancellationRequested;

    /// <summary>Makes sure, by asking the queue if the last answer is old, that the message is still ours.</summary>
    /// <exception cref="OperationCanceledException">It is not.</exception>
    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        if (_options.Clock.GetElapsedTime(Volatile.Read(ref _keptAt)) > _options.KeepAlivePeriod / 2)
        {
            await TryKeepAsync(cancellationToken).ConfigureAwait(false);
        }

        _lost.Token.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        _stop.Dispose();
        _lost.Dispose();
        _turn.Dispose();
    }

    private async Task KeepAsync()
    {
        try
        {
            while (!IsLost)
            {
                await Task.Delay(_options.KeepAlivePeriod, _options.Clock, _stop.Token).ConfigureAwait(false);
                await TryKeepAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The job has ended, or the lease is lost.
        }
    }

    private async Task TryKeepAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var delay = FirstDelay;
            bool isLogged = false;
            while (!await TryKeepOnceAsync(isLogged, cancellationToken).ConfigureAwait(false))
            {
                isLogged = true;
                if (_options.Clock.GetElapsedTime(_keptAt) + delay >= _options.Lease)
                {
                    Lose("it could not be prolonged in time");
                    return;
                }

                await Task.Delay(delay, _options.Clock, cancellationToken).ConfigureAwait(false);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>False if the queue could not be asked.</summary>
    private async Task<bool> TryKeepOnceAsync(bool isLogged, CancellationToken cancellationToken)
    {
        long asked = _options.Clock.GetTimestamp();
        try
        {
            if (await _queue.KeepAsync(_message, _options.Lease, cancellationToken).ConfigureAwait(false))
            {
                Volatile.Write(ref _keptAt, asked);
            }
            else
            {
                Lose("somebody else has the message");
            }

            return true;
        }
#pragma warning disable CA1031 // Whatever a queue throws, the job has time until its lease runs out.
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            if (!isLogged)
            {
                JobLog.KeepAliveFailed(_logger, _message.Id, e);
            }

            return false;
        }
    }

    private void Lose(string why)
    {
        JobLog.LeaseLost(_logger, _message.Id, why);
        _lost.Cancel();
    }
}
