using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Counts the objects that are open for reading, and the most that ever were at once.</summary>
internal sealed class ReaderCountingStore(IObjectStore inner) : IObjectStore
{
    private readonly List<string> _opened = [];
    private int _open;
    private int _mostOpen;
    private long _bytesRead;
    private int _reads;
    private long _longestRead;

    public string Name => inner.Name;

    public int Open => _open;

    public int MostOpen => _mostOpen;

    /// <summary>What each opening waits for.</summary>
    public Func<CancellationToken, Task>? BeforeOpen { get; set; }

    /// <summary>How often an object was opened.</summary>
    public int Opened => _opened.Count;

    public long BytesRead => _bytesRead;

    public int Reads => _reads;

    /// <summary>Bytes of the longest single read.</summary>
    public long LongestRead => _longestRead;

    /// <summary>How often a Parquet file was opened since there were so many that were <see cref="Opened"/>.</summary>
    public int DataFilesOpened(int since) => _opened.Skip(since).Count(path => path.EndsWith(".parquet", StringComparison.Ordinal));

    public async ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        if (BeforeOpen is { } before)
        {
            await before(cancellationToken);
        }

        var reader = await inner.OpenAsync(path, cancellationToken);
        if (reader is null)
        {
            return null;
        }

        int open = Interlocked.Increment(ref _open);
        lock (_opened)
        {
            _opened.Add(path);
            _mostOpen = Math.Max(_mostOpen, open);
        }

        return new Counted(this, reader);
    }

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutIfAbsentAsync(path, content, cancellationToken);

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutAsync(path, content, cancellationToken);

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => inner.CreateAsync(path, cancellationToken);

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => inner.DeleteAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => inner.OpenBarrierAsync(cancellationToken);

    private sealed class Counted(ReaderCountingStore store, IObjectReader reader) : IObjectReader
    {
        private int _isOpen = 1;

        public long LengthBytes => reader.LengthBytes;

        public long RequestCostBytes => reader.RequestCostBytes;

        public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref store._bytesRead, buffer.Length);
            Interlocked.Increment(ref store._reads);
            store._longestRead = Math.Max(store._longestRead, buffer.Length);
            return reader.ReadAsync(offset, buffer, cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Add(ref store._open, -Interlocked.Exchange(ref _isOpen, 0));
            return reader.DisposeAsync();
        }
    }
}
