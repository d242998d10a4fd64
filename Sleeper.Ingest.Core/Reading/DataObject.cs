using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Lets the Parquet engine read an open object. Owns the object's reader.</summary>
internal sealed class DataObject(IObjectReader reader, string name) : IRandomAccessReader, IAsyncDisposable
{
    public string Name => name;

    public long Length => reader.LengthBytes;

    public long RequestCostBytes => reader.RequestCostBytes;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        reader.ReadAsync(offset, buffer, cancellationToken);

    public ValueTask DisposeAsync() => reader.DisposeAsync();
}
