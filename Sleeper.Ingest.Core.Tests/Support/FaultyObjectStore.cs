using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>
/// An object store in front of another one that breaks by script: the n-th call of a kind, on certain paths, fails before or after it took effect,
/// or is held until the test lets it go. Counts all calls.
/// </summary>
/// <example><code>
/// var store = new FaultyObjectStore(new InMemoryObjectStore());
/// var lost = store.FailAfter(StoreOperation.PutIfAbsent, path => path.StartsWith("t/log/files/"), call: 2);
/// ...
/// Assert.Equal(1, lost.StrikeCount);
/// </code></example>
public sealed class FaultyObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly Lock _lock = new();
    private readonly List<StoreFault> _faults = [];
    private readonly List<(StoreOperation Operation, string Path)> _calls = [];

    public string Name => inner.Name;

    /// <summary>The store behind: what it holds is the truth.</summary>
    public IObjectStore Inner => inner;

    /// <summary>All calls so far, in order.</summary>
    public IReadOnlyList<(StoreOperation Operation, string Path)> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>How many calls there were of these operations on these paths.</summary>
    public int Count(StoreOperation operations, Func<string, bool>? path = null)
    {
        lock (_lock)
        {
            return _calls.Count(call => (call.Operation & operations) != 0 && (path is null || path(call.Path)));
        }
    }

    /// <summary>The call fails and nothing happens.</summary>
    public StoreFault FailBefore(
        StoreOperation operations, Func<string, bool>? path = null, int call = 1, int times = 1, Func<string, Exception>? error = null) =>
        Add(new StoreFault { Operations = operations, Path = path, Call = call, Times = times, Error = error });

    /// <summary>The call takes effect and then fails: its reply is lost.</summary>
    public StoreFault FailAfter(
        StoreOperation operations, Func<string, bool>? path = null, int call = 1, int times = 1, Func<string, Exception>? error = null) =>
        Add(new StoreFault { Operations = operations, Path = path, Call = call, Times = times, Error = error, After = true });

    /// <summary>The call waits, before it takes effect, until <see cref="StoreFault.Release"/> or its cancellation.</summary>
    public StoreFault HoldBefore(StoreOperation operations, Func<string, bool>? path = null, int call = 1, int times = 1) =>
        Add(new StoreFault { Operations = operations, Path = path, Call = call, Times = times, Holds = true });

    /// <summary>The call takes effect and then waits until <see cref="StoreFault.Release"/> or its cancellation.</summary>
    public StoreFault HoldAfter(StoreOperation operations, Func<string, bool>? path = null, int call = 1, int times = 1) =>
        Add(new StoreFault { Operations = operations, Path = path, Call = call, Times = times, Holds = true, After = true });

    /// <summary>Adds a fault. Several may strike one call, in the order they were added.</summary>
    public StoreFault Add(StoreFault fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }

        return fault;
    }

    /// <summary>Takes all faults away and lets held calls go; the counts stay.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _faults.ForEach(static fault => fault.Release());
            _faults.Clear();
        }
    }

    public async Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        await RunAsync(
            StoreOperation.PutIfAbsent, path, async () => await inner.PutIfAbsentAsync(path, content, cancellationToken), cancellationToken);

    public async Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        await RunAsync(StoreOperation.Put, path, async () => await inner.PutAsync(path, content, cancellationToken), cancellationToken);

    public async ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        var writer = await RunAsync(
            StoreOperation.Create, path, async () => await inner.CreateAsync(path, cancellationToken), cancellationToken);
        return new FaultyWriter(this, path, writer);
    }

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        var reader = await RunAsync(StoreOperation.Open, path, async () => await inner.OpenAsync(path, cancellationToken), cancellationToken);
        return reader is null ? null : new FaultyReader(this, path, reader);
    }

    public async ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) =>
        await RunAsync(StoreOperation.Head, path, async () => await inner.HeadAsync(path, cancellationToken), cancellationToken);

    public async Task DeleteAsync(string path, CancellationToken cancellationToken = default) =>
        await RunAsync(StoreOperation.Delete, path, async () => await inner.DeleteAsync(path, cancellationToken), cancellationToken);

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (before, after) = Record(StoreOperation.List, prefix);
        await StrikeAsync(before, StoreOperation.List, prefix, cancellationToken);
        await foreach (var info in inner.ListAsync(prefix, startAfter, cancellationToken))
        {
            yield return info;
        }

        await StrikeAsync(after, StoreOperation.List, prefix, cancellationToken);
    }

    public async ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default)
    {
        var barrier = await RunAsync(
            StoreOperation.OpenBarrier, "", async () => await inner.OpenBarrierAsync(cancellationToken), cancellationToken);
        return new FaultyBarrier(this, barrier);
    }

    private async Task<T> RunAsync<T>(StoreOperation operation, string path, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var (before, after) = Record(operation, path);
        await StrikeAsync(before, operation, path, cancellationToken);
        var result = await call();
        try
        {
            await StrikeAsync(after, operation, path, cancellationToken);
        }
        catch when (result is IAsyncDisposable)
        {
            await ((IAsyncDisposable)result).DisposeAsync();
            throw;
        }

        return result;
    }

    private async Task RunAsync(StoreOperation operation, string path, Func<Task> call, CancellationToken cancellationToken) =>
        await RunAsync(
            operation,
            path,
            async () =>
            {
                await call();
                return true;
            },
            cancellationToken);

    private (List<StoreFault> Before, List<StoreFault> After) Record(StoreOperation operation, string path)
    {
        lock (_lock)
        {
            _calls.Add((operation, path));
            var strikes = _faults.Where(fault => fault.Strikes(operation, path)).ToList();
            return (strikes.FindAll(static fault => !fault.After), strikes.FindAll(static fault => fault.After));
        }
    }

    private async Task StrikeAsync(List<StoreFault> faults, StoreOperation operation, string path, CancellationToken cancellationToken)
    {
        foreach (var fault in faults)
        {
            await fault.StrikeAsync(operation, Name, path, cancellationToken);
        }
    }

    private sealed class FaultyWriter(FaultyObjectStore store, string path, IObjectWriter writer) : IObjectWriter
    {
        public long LengthBytes => writer.LengthBytes;

        public async ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
            await store.RunAsync(
                StoreOperation.Append, path, async () => await writer.AppendAsync(content, cancellationToken), cancellationToken);

        public async ValueTask CompleteAsync(CancellationToken cancellationToken = default) =>
            await store.RunAsync(StoreOperation.Complete, path, async () => await writer.CompleteAsync(cancellationToken), cancellationToken);

        public ValueTask DisposeAsync() => writer.DisposeAsync();
    }

    private sealed class FaultyReader(FaultyObjectStore store, string path, IObjectReader reader) : IObjectReader
    {
        public long LengthBytes => reader.LengthBytes;

        public long RequestCostBytes => reader.RequestCostBytes;

        public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await store.RunAsync(
                StoreOperation.Read, path, async () => await reader.ReadAsync(offset, buffer, cancellationToken), cancellationToken);

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }

    private sealed class FaultyBarrier(FaultyObjectStore store, IWriteBarrier barrier) : IWriteBarrier
    {
        public async ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default) =>
            await store.RunAsync(
                StoreOperation.Flush,
                string.Join('\n', paths),
                async () => await barrier.FlushAsync(paths, cancellationToken),
                cancellationToken);

        public ValueTask DisposeAsync() => barrier.DisposeAsync();
    }
}
