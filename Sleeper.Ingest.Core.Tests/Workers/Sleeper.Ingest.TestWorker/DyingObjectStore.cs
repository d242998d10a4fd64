using System.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.TestWorker;

/// <summary>Kills this process, as kill -9 does, at the n-th call that changes the store: before or after it takes effect.</summary>
internal sealed class DyingObjectStore(IObjectStore inner, int call, bool after) : IObjectStore
{
    private int _count;

    public string Name => inner.Name;

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        RunAsync(() => inner.PutIfAbsentAsync(path, content, cancellationToken));

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        RunAsync(() => inner.PutAsync(path, content, cancellationToken));

    public async ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) =>
        new Writer(this, await RunAsync(async () => await inner.CreateAsync(path, cancellationToken)));

    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) => inner.OpenAsync(path, cancellationToken);

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => RunAsync(() => inner.DeleteAsync(path, cancellationToken));

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, startAfter, cancellationToken);

    public async ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) =>
        new Barrier(this, await inner.OpenBarrierAsync(cancellationToken));

    private async Task<T> RunAsync<T>(Func<Task<T>> body)
    {
        bool isLast = Interlocked.Increment(ref _count) == call;
        DieIf(isLast && !after);
        var result = await body();
        DieIf(isLast && after);
        return result;
    }

    private Task<bool> RunAsync(Func<Task> body) => RunAsync(async () =>
    {
        await body();
        return true;
    });

    private static void DieIf(bool condition)
    {
        if (condition)
        {
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private sealed class Writer(DyingObjectStore store, IObjectWriter inner) : IObjectWriter
    {
        public long LengthBytes => inner.LengthBytes;

        public async ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
            await store.RunAsync(async () => await inner.AppendAsync(content, cancellationToken));

        public async ValueTask CompleteAsync(CancellationToken cancellationToken = default) =>
            await store.RunAsync(async () => await inner.CompleteAsync(cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Barrier(DyingObjectStore store, IWriteBarrier inner) : IWriteBarrier
    {
        public async ValueTask FlushAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken = default) =>
            await store.RunAsync(async () => await inner.FlushAsync(paths, cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
