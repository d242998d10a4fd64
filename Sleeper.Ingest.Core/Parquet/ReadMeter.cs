namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Adds up what reading one open file comes to, in bytes and in time, and refuses to go beyond the limits. Thread-safe.</summary>
internal sealed class ReadMeter(ParquetReaderLimits limits)
{
    private long _bytes;
    private long _ticks;

    /// <summary>Adds pages and values, decompressed and decoded.</summary>
    public void Add(long bytes)
    {
        long sum = Interlocked.Add(ref _bytes, bytes);
        if (sum > limits.MaxDecodedBytes)
        {
            throw ParquetFormatException.AboveLimit(
                $"What was read of the file came to {sum:N0} bytes, decompressed and decoded; the limit is {limits.MaxDecodedBytes:N0}.", nameof(limits.MaxDecodedBytes));
        }
    }

    /// <summary>A moment from which <see cref="AddTimeSince"/> counts.</summary>
    public long Start() => limits.Clock.GetTimestamp();

    public void AddTimeSince(long start)
    {
        var sum = TimeSpan.FromTicks(Interlocked.Add(ref _ticks, limits.Clock.GetElapsedTime(start).Ticks));
        if (sum > limits.MaxTime)
        {
            throw ParquetFormatException.AboveLimit($"Reading the file took {sum:g} so far; the limit is {limits.MaxTime:g}.", nameof(limits.MaxTime));
        }
    }
}
