using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>A store that counts what is read of data files.</summary>
internal sealed class CountingStore(IObjectStore inner) : IObjectStore
{
    private long _bytes;
    private long _reads;

    public string Name => inner.Name;

    /// <summary>Bytes and calls since the last time that they were taken.</summary>
    public (long Bytes, long Reads) Take() => (Interlocked.Exchange(ref _bytes, 0), Interlocked.Exchange(ref _reads, 0));

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutIfAbsentAsync(path, content, cancellationToken);

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutAsync(path, content, cancellationToken);

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => inner.CreateAsync(path, cancellationToken);

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        var reader = await inner.OpenAsync(path, cancellationToken);
        return reader is null || !path.EndsWith(".parquet", StringComparison.Ordinal) ? reader : new Counted(this, reader);
    }

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => inner.DeleteAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => inner.OpenBarrierAsync(cancellationToken);

    private sealed class Counted(CountingStore store, IObjectReader inner) : IObjectReader
    {
        public long LengthBytes => inner.LengthBytes;

        public long RequestCostBytes => inner.RequestCostBytes;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref store._bytes, buffer.Length);
            Interlocked.Increment(ref store._reads);
            return inner.ReadAsync(offset, buffer, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
