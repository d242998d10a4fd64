using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>A store that refuses to write some objects, as one does whose caller lacks a permission, or for another reason.</summary>
internal sealed class RefusingObjectStore(IObjectStore inner, Func<string, bool> refuses, Exception? reason = null) : IObjectStore
{
    public string Name => inner.Name;

    public Task<bool> PutIfAbsentAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        inner.PutIfAbsentAsync(Check(path), content, cancellationToken);

    public Task PutAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => inner.PutAsync(Check(path), content, cancellationToken);

    public ValueTask<IObjectWriter> CreateAsync(string path, CancellationToken cancellationToken = default) => inner.CreateAsync(Check(path), cancellationToken);

    public ValueTask<IObjectReader?> OpenAsync(string path, CancellationToken cancellationToken = default) => inner.OpenAsync(path, cancellationToken);

    public ValueTask<ObjectInfo?> HeadAsync(string path, CancellationToken cancellationToken = default) => inner.HeadAsync(path, cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) => inner.DeleteAsync(path, cancellationToken);

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, string? startAfter = null, CancellationToken cancellationToken = default) => inner.ListAsync(prefix, startAfter, cancellationToken);

    public ValueTask<IWriteBarrier> OpenBarrierAsync(CancellationToken cancellationToken = default) => inner.OpenBarrierAsync(cancellationToken);

    private string Check(string path) => refuses(path)
        ? throw new ObjectStoreException(Name, path, $"'{path}' may not be written.", reason ?? new UnauthorizedAccessException("Access is denied."))
        : path;
}
