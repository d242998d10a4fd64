using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>A store that counts requests as a bucket charges them, and what is read of data files.</summary>
/// <remarks>An object that is written piece by piece is one put, one that is opened and read once is one get, a barrier is none.</remarks>
internal sealed class CountingStore(IObjectStore inner) : IObjectStore
{
    private long _bytes;
    private long _reads;
    private long _puts;
    private long _gets;
    private long _lists;
    private long _deletes;

    public string Name => inner.Name;

    /// <summary>Bytes and calls since the last time that they were taken.</summary>
    public (long Bytes, long Reads) Take() => (Interlocked.Exchange(ref _bytes, 0), Interlocked.Exchange(ref _reads, 0));

    /// <summary>Requests since the last time that they were taken.</summary>
    public StoreRequests TakeRequests() => new(
        Interlocked.Exchange(ref _puts, 0), Interlocked.Exchange(ref _gets, 0), Interlocked.Exchange(ref _lists, 0), Interlocked.Exchange(ref _deletes, 0));

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _puts);
        return inner.PutIfAbsentAsync(path, content, cancellationToken);
    }

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _puts);
        return inner.PutAsync(path, content, cancellationToken);
    }

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _puts);
        return inner.CreateAsync(path, cancellationToken);
    }

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _gets);
        var reader = await inner.OpenAsync(path, cancellationToken);
        return reader is null ? null : new Counted(this, reader, isData: path.EndsWith(".parquet", StringComparison.Ordinal));
    }

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _gets);
        return inner.HeadAsync(path, cancellationToken);
    }

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _deletes);
        return inner.DeleteAsync(path, cancellationToken);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        const int PageObjects = 1000;
        long found = 0;
        Interlocked.Increment(ref _lists);
        await foreach (var info in inner.ListAsync(prefix, startAfter, cancellationToken))
        {
            if (found++ > 0 && found % PageObjects == 1)
            {
                Interlocked.Increment(ref _lists);
            }

            yield return info;
        }
    }

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => inner.OpenBarrierAsync(cancellationToken);

    private sealed class Counted(CountingStore store, IObjectReader inner, bool isData) : IObjectReader
    {
        private int _readsOfThis;

        public long LengthBytes => inner.LengthBytes;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The first read comes with the opening.
            if (Interlocked.Increment(ref _readsOfThis) > 1)
            {
                Interlocked.Increment(ref store._gets);
            }

            if (isData)
            {
                Interlocked.Add(ref store._bytes, buffer.Length);
                Interlocked.Increment(ref store._reads);
            }

            return inner.ReadAsync(offset, buffer, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
