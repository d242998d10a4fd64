namespace Sleeper.Ingest.Core.Spilling;

/// <summary>A limit in bytes for all spill files of a pipeline. Thread-safe; answers at once.</summary>
internal sealed class DiskBudget
{
    private long _usedBytes;

    public DiskBudget(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        LimitBytes = limitBytes;
    }

    public long LimitBytes { get; }

    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Takes <paramref name="bytes"/> if they fit under the limit.</summary>
    public bool TryReserve(long bytes)
    {
        long used = Interlocked.Add(ref _usedBytes, bytes);
        if (used <= LimitBytes)
        {
            return true;
        }

        Interlocked.Add(ref _usedBytes, -bytes);
        return false;
    }

    public void Release(long bytes)
    {
        long used = Interlocked.Add(ref _usedBytes, -bytes);
        System.Diagnostics.Debug.Assert(used >= 0, "More disk space was given back than was taken.");
    }
}
