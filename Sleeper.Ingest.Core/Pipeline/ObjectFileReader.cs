using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Lets the Parquet engine read an object of a store.</summary>
internal sealed class ObjectFileReader : IRandomAccessReader, IAsyncDisposable
{
    private readonly IObjectReader _reader;

    private ObjectFileReader(IObjectReader reader, string name)
    {
        _reader = reader;
        Name = name;
    }

    public string Name { get; }

    public long Length => _reader.LengthBytes;

    public long RequestCostBytes => _reader.RequestCostBytes;

    /// <summary>Opens an object.</summary>
    /// <exception cref="IngestException">There is none.</exception>
    public static async Task<ObjectFileReader> OpenAsync(IObjectStore store, string path, CancellationToken cancellationToken)
    {
        var reader = await store.OpenAsync(path, cancellationToken).ConfigureAwait(false);
        return reader is null
            ? throw new IngestException($"There is no object '{path}' in '{store.Name}'. Check the path; names are case-sensitive.")
            : new ObjectFileReader(reader, path);
    }

    /// <summary>Opens a file on a local disk.</summary>
    /// <exception cref="IngestException">There is none.</exception>
    public static Task<ObjectFileReader> OpenLocalAsync(string path, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        var folder = new LocalObjectStore(Path.GetDirectoryName(full) ?? full, new LocalObjectStoreOptions { CreateRoot = false });
        return OpenAsync(folder, Path.GetFileName(full), cancellationToken);
    }

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _reader.ReadAsync(offset, buffer, cancellationToken);

    public ValueTask DisposeAsync() => _reader.DisposeAsync();
}
