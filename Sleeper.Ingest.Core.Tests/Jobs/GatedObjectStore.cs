using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>A store of which the second opening of each object (the first one reads its footer) waits until the test lets it go on.</summary>
internal sealed class GatedObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _opened = [];

    public string Name => inner.Name;

    /// <summary>Done when somebody waits.</summary>
    public Task Arrived => _arrived.Task;

    public void Open() => _gate.TrySetResult();

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        bool isFirst;
        lock (_opened)
        {
            isFirst = _opened.Add(path);
        }

        if (!isFirst)
        {
            _arrived.TrySetResult();
            await _gate.Task.WaitAsync(cancellationToken);
        }

        return await inner.OpenAsync(path, cancellationToken);
    }

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => inner.PutIfAbsentAsync(path, content, cancellationToken);

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => inner.PutAsync(path, content, cancellationToken);

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => inner.CreateAsync(path, cancellationToken);

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => inner.DeleteAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) => inner.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => inner.OpenBarrierAsync(cancellationToken);
}
