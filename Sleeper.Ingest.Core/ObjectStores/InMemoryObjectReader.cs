namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Reads ranges of one object in memory. The bytes are those of the moment it was opened.</summary>
internal sealed class InMemoryObjectReader(string store, string path, byte[] content) : IObjectReader
{
    public long LengthBytes => content.Length;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        if (offset > content.Length - buffer.Length)
        {
            throw new EndOfStreamException(
                $"The object '{path}' in '{store}' has {LengthBytes} bytes; {buffer.Length} from byte {offset} on were asked for.");
        }

        content.AsMemory((int)offset, buffer.Length).CopyTo(buffer);

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
