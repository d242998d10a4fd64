namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Adds up what the pages and values of one open file come to, and refuses to go beyond the limit. Thread-safe.</summary>
internal sealed class DecodedBytes(ParquetReaderLimits limits)
{
    private long _count;

    public void Add(long bytes)
    {
        long count = Interlocked.Add(ref _count, bytes);
        if (count > limits.MaxDecodedBytes)
        {
            throw ParquetFormatException.AboveLimit(
                $"What was read of the file came to {count:N0} bytes, decompressed and decoded; the limit is {limits.MaxDecodedBytes:N0}.", nameof(limits.MaxDecodedBytes));
        }
    }
}
