namespace Sleeper.Ingest.Core.Buffers;

/// <summary>
/// One number of bytes for everything that a pipeline holds in memory. Each part asks before it takes and gives back what it took.
/// </summary>
/// <remarks>Thread-safe. Answers yes or no at once: who is told no spills, waits or fails, as its stage demands.</remarks>
internal sealed class MemoryBudget
{
    private long _usedBytes;
    private long _peakBytes;

    public MemoryBudget(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        LimitBytes = limitBytes;
    }

    public long LimitBytes { get; }

    public long UsedBytes => Volatile.Read(ref _usedBytes);

    public long PeakBytes => Volatile.Read(ref _peakBytes);

    public long FreeBytes => LimitBytes - UsedBytes;

    /// <summary>Takes <paramref name="bytes"/> if they fit under the limit.</summary>
    public bool TryReserve(long bytes)
    {
        long used = Interlocked.Add(ref _usedBytes, bytes);
        if (used > LimitBytes)
        {
            Interlocked.Add(ref _usedBytes, -bytes);
            return false;
        }

        NotePeak(used);
        return true;
    }

    /// <summary>Takes <paramref name="bytes"/> that were set aside when the plan was made, so they must fit.</summary>
    /// <exception cref="InvalidOperationException">They do not fit: the plan was wrong.</exception>
    public void Reserve(long bytes)
    {
        if (!TryReserve(bytes))
        {
            throw new InvalidOperationException(
                $"The memory budget of {LimitBytes:N0} bytes has {FreeBytes:N0} bytes free, but {bytes:N0} are needed at a place that cannot wait. This is a fault of the plan, not of the data.");
        }
    }

    public void Release(long bytes)
    {
        long used = Interlocked.Add(ref _usedBytes, -bytes);
        System.Diagnostics.Debug.Assert(used >= 0, "More memory was given back than was taken.");
    }

    private void NotePeak(long used)
    {
        long peak = Volatile.Read(ref _peakBytes);
        while (used > peak)
        {
            long seen = Interlocked.CompareExchange(ref _peakBytes, used, peak);
            if (seen == peak)
            {
                return;
            }

            peak = seen;
        }
    }
}
