using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>A store in memory that counts the bytes of large objects and throws them away: what remains of an ingest is all but the making and syncing of files.</summary>
internal sealed class ForgettingStore : IObjectStore
{
    private readonly InMemoryObjectStore _small = new();

    public string Name => _small.Name;

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => _small.PutIfAbsentAsync(path, content, cancellationToken);

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => _small.PutAsync(path, content, cancellationToken);

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => ValueTask.FromResult<IObjectWriter>(new Writer());

    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) => _small.OpenAsync(path, cancellationToken);

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => _small.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => _small.DeleteAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        _small.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => _small.OpenBarrierAsync(cancellationToken);

    private sealed class Writer : IObjectWriter
    {
        public long LengthBytes { get; private set; }

        public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
        {
            LengthBytes += content.Length;
            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
