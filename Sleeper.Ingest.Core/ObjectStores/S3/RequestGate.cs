namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>How many requests may be under way at once: fewer while the service throttles, more again as it stops.</summary>
/// <remarks>
/// Additive increase, multiplicative decrease, as TCP does it (Jacobson, 1988): a throttled request halves the limit, and as many successes as the limit is high raise it
/// by one. Requests that were sent before a cut do not cut again: they all met the same overload. Who waits is let in in the order of arrival. Thread-safe.
/// </remarks>
internal sealed class RequestGate
{
    private readonly Lock _lock = new();
    private readonly int _maxLimit;
    private readonly Queue<TaskCompletionSource<int>> _waiting = new();
    private int _running;
    private int _successes;
    private int _cuts;

    public RequestGate(int maxLimit)
    {
        _maxLimit = maxLimit;
        Limit = maxLimit;
    }

    /// <summary>The present limit.</summary>
    public int Limit { get; private set; }

    /// <summary>Waits for a place. The result is to be given back to <see cref="Leave"/>.</summary>
    public async ValueTask<int> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<int> turn;
        lock (_lock)
        {
            if (_running < Limit)
            {
                _running++;
                return _cuts;
            }

            turn = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
        }

        using var cancelled = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource<int>)state!).TrySetCanceled(token), turn);
        return await turn.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="entered">What <see cref="EnterAsync"/> gave.</param>
    /// <param name="wasThrottled">True if the service asked for fewer requests, false if it answered, null if nothing can be learnt.</param>
    public void Leave(int entered, bool? wasThrottled)
    {
        lock (_lock)
        {
            _running--;
            if (wasThrottled == true && entered == _cuts)
            {
                Limit = Math.Max(1, Limit / 2);
                _cuts++;
                _successes = 0;
            }
            else if (wasThrottled == false && Limit < _maxLimit && ++_successes >= Limit)
            {
                Limit++;
                _successes = 0;
            }

            while (_running < Limit && _waiting.TryDequeue(out var next))
            {
                if (next.TrySetResult(_cuts))
                {
                    _running++;
                }
            }
        }
    }
}
