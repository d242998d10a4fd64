namespace Sleeper.Ingest.Core.ObjectStores.S3;

/// <summary>A limit on the bytes of parts under way. It says yes or no; nobody waits here, so nobody who holds some of it waits for the rest. Thread-safe.</summary>
internal sealed class PartMemory(long limitBytes)
{
    private long _usedBytes;

    public long UsedBytes => Volatile.Read(ref _usedBytes);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _usedBytes, bytes) <= limitBytes)
        {
            return true;
        }

        Interlocked.Add(ref _usedBytes, -bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref _usedBytes, -bytes);
}
