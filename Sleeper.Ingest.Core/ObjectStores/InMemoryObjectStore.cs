using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>An object store in memory, for tests and samples. Keeps the whole contract of <see cref="IObjectStore"/>; nothing outlives the process.</summary>
public sealed class InMemoryObjectStore : IObjectStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, StoredObject> _objects = new(Comparer<string>.Create(ObjectPath.Compare));
    private readonly TimeProvider _time;

    /// <summary>Makes an empty store.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="timeProvider">The store's clock; the system's by default.</param>
    public InMemoryObjectStore(string name = "memory", TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _time = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Add(path, content.ToArray()));
    }

    /// <inheritdoc/>
    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        var stored = new StoredObject(content.ToArray(), _time.GetUtcNow());
        lock (_lock)
        {
            _objects[path] = stored;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        if (Find(path) is not null)
        {
            throw new ObjectExistsException(Name, path);
        }

        return ValueTask.FromResult<IObjectWriter>(new InMemoryObjectWriter(this, path));
    }

    /// <inheritdoc/>
    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IObjectReader?>(Find(path) is { } stored ? new InMemoryObjectReader(Name, path, stored.Content) : null);
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Find(path)?.ToInfo(path));
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectPath.Check(path);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _objects.Remove(path);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, string? startAfter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectPath.CheckPrefix(prefix);
        List<ObjectInfo> found;
        lock (_lock)
        {
            found = [.. _objects
                .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)
                    && (startAfter is null || ObjectPath.Compare(entry.Key, startAfter) > 0))
                .Select(entry => entry.Value.ToInfo(entry.Key))];
        }

        foreach (var info in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return info;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IWriteBarrier>(new EmptyWriteBarrier());
    }

    internal bool Add(string path, byte[] content)
    {
        var stored = new StoredObject(content, _time.GetUtcNow());
        lock (_lock)
        {
            return _objects.TryAdd(path, stored);
        }
    }

    private StoredObject? Find(string path)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(path);
        }
    }

    private sealed record StoredObject(byte[] Content, DateTimeOffset LastModified)
    {
        public ObjectInfo ToInfo(string path) => new(path, Content.Length, LastModified);
    }
}
