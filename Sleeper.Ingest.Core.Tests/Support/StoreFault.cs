using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>One scripted fault of a <see cref="FaultyObjectStore"/>. Tells whether it struck, and lets go of the calls that it holds.</summary>
public sealed class StoreFault
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _matchCount;
    private int _strikeCount;

    /// <summary>What it strikes.</summary>
    public required StoreOperation Operations { get; init; }

    /// <summary>Which paths it strikes; all if null. Operations without a path have an empty one, a flush the paths joined by a line feed.</summary>
    public Func<string, bool>? Path { get; init; }

    /// <summary>The number of the first call that it strikes, counted from 1 among the calls that match since the fault was added.</summary>
    public int Call { get; init; } = 1;

    /// <summary>How many calls it strikes from then on.</summary>
    public int Times { get; init; } = 1;

    /// <summary>True if it strikes when the operation has taken effect: a lost reply.</summary>
    public bool After { get; init; }

    /// <summary>True if it only holds the call until <see cref="Release"/>.</summary>
    public bool Holds { get; init; }

    /// <summary>The error it throws; null for the usual one: retryable, an <see cref="IOException"/> from a flush.</summary>
    public Func<string, Exception>? Error { get; init; }

    /// <summary>How often it struck.</summary>
    public int StrikeCount => Volatile.Read(ref _strikeCount);

    /// <summary>Ends when it strikes first.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets held calls go on.</summary>
    public void Release() => _released.TrySetResult();

    /// <summary>Counts the call; true if it is one that this fault strikes. The caller serialises.</summary>
    internal bool Strikes(StoreOperation operation, string path)
    {
        if ((Operations & operation) == 0 || (Path is not null && !Path(path)))
        {
            return false;
        }

        _matchCount++;
        return _matchCount >= Call && _matchCount - (long)Call < Times;
    }

    /// <summary>Holds the call or throws.</summary>
    internal async Task StrikeAsync(StoreOperation operation, string store, string path, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _strikeCount);
        _reached.TrySetResult();
        if (Holds)
        {
            await _released.Task.WaitAsync(cancellationToken);
            return;
        }

        var message = $"Injected fault {(After ? "after" : "before")} {operation} of '{path}' in '{store}'.";
        throw Error?.Invoke(path)
            ?? (operation == StoreOperation.Flush
                ? new IOException(message)
                : new ObjectStoreException(store, path, message) { IsRetryable = true });
    }
}
