namespace Sleeper.Ingest.Core.Parquet;

/// <summary>A file whose last bytes were read already: reads that lie in them cost nothing. Indexes lie there in most files, and small files as a whole.</summary>
internal sealed class TailedReader(IRandomAccessReader file, ReadOnlyMemory<byte> tail) : IRandomAccessReader
{
    public string Name => file.Name;

    public long Length => file.Length;

    public long RequestCostBytes => file.RequestCostBytes;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        long inTail = offset - (file.Length - tail.Length);
        if (inTail < 0 || inTail + buffer.Length > tail.Length)
        {
            return file.ReadAsync(offset, buffer, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        tail.Slice((int)inTail, buffer.Length).CopyTo(buffer);
        return ValueTask.CompletedTask;
    }
}
