namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Reads ranges of one file.</summary>
internal sealed class LocalObjectReader(string store, string path, IDiskFile file) : IObjectReader
{
    public long LengthBytes { get; } = file.LengthBytes;

    /// <summary>A call into the system, and what the kernel reads along: no round trip.</summary>
    public long RequestCostBytes => 16 << 10;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellationToken.ThrowIfCancellationRequested();
        if (offset > LengthBytes - buffer.Length)
        {
            throw EndOfObject(offset, buffer.Length);
        }

        try
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var read = file.Read(buffer.Span[done..], offset + done);
                if (read == 0)
                {
                    throw EndOfObject(offset, buffer.Length); // somebody else cut the file short
                }

                done += read;
            }

            return ValueTask.CompletedTask;
        }
        catch (Exception error) when (LocalFileErrors.IsDiskError(error))
        {
            throw LocalFileErrors.Translate(store, path, $"read {buffer.Length} bytes from byte {offset} on of", 0, error);
        }
    }

    public ValueTask DisposeAsync()
    {
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    private EndOfStreamException EndOfObject(long offset, int lengthBytes) =>
        new($"The object '{path}' in '{store}' has {LengthBytes} bytes; {lengthBytes} from byte {offset} on were asked for.");
}
