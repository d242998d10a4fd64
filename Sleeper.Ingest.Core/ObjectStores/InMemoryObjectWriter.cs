using System.Buffers;

namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Collects one object of a store in memory.</summary>
internal sealed class InMemoryObjectWriter(InMemoryObjectStore store, string path) : IObjectWriter
{
    private ArrayBufferWriter<byte>? _content = new();

    public long LengthBytes { get; private set; }

    public ValueTask AppendAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Open().Write(content.Span);
        LengthBytes += content.Length;
        return ValueTask.CompletedTask;
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var content = Open();
        if (!store.Add(path, content.WrittenSpan.ToArray()))
        {
            throw new ObjectExistsException(store.Name, path);
        }

        _content = null;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _content = null;
        return ValueTask.CompletedTask;
    }

    private ArrayBufferWriter<byte> Open() => _content
        ?? throw new InvalidOperationException($"The object '{path}' in '{store.Name}' is complete or its writer disposed; it takes no more bytes.");
}
