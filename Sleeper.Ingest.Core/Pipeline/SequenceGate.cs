namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Lets numbered pieces of work pass one after the other, in the order of their numbers, whatever order they finish in.</summary>
/// <remarks>Thread-safe. After <see cref="Fail"/> everybody who waits, or will, gets the error.</remarks>
internal sealed class SequenceGate
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TaskCompletionSource> _waiting = [];
    private long _next;
    private Exception? _error;

    /// <summary>Completes when all numbers before this one have passed.</summary>
    public Task WaitAsync(long number)
    {
        lock (_lock)
        {
            if (_error is not null)
            {
                return Task.FromException(_error);
            }

            if (number == _next)
            {
                return Task.CompletedTask;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(number, waiter);
            return waiter.Task;
        }
    }

    /// <summary>Says that the number whose turn it is has passed.</summary>
    public void Pass(long number)
    {
        TaskCompletionSource? waiter;
        lock (_lock)
        {
            System.Diagnostics.Debug.Assert(number == _next, "Only the number whose turn it is may pass.");
            _next = number + 1;
            _waiting.Remove(_next, out waiter);
        }

        waiter?.SetResult();
    }

    public void Fail(Exception error)
    {
        TaskCompletionSource[] waiters;
        lock (_lock)
        {
            _error ??= error;
            waiters = [.. _waiting.Values];
            _waiting.Clear();
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetException(error);
        }
    }
}
