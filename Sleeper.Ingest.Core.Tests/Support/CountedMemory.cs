using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Memory for reading row groups, up to a limit; notes the most that was held.</summary>
internal sealed class CountedMemory : IReadMemory
{
    private readonly Lock _lock = new();

    public required long ShareBytes { get; init; }

    public bool KeepsSpares { get; init; }

    public long LimitBytes { get; init; } = long.MaxValue;

    public long HeldBytes { get; private set; }

    public long PeakBytes { get; private set; }

    public ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken) => ValueTask.FromResult(TryReserve(bytes));

    public bool TryReserve(long bytes)
    {
        Assert.InRange(bytes, 0, long.MaxValue);
        lock (_lock)
        {
            if (bytes > LimitBytes - HeldBytes)
            {
                return false;
            }

            HeldBytes += bytes;
            PeakBytes = Math.Max(PeakBytes, HeldBytes);
            return true;
        }
    }

    public void Release(long bytes)
    {
        lock (_lock)
        {
            Assert.InRange(bytes, 0, HeldBytes);
            HeldBytes -= bytes;
        }
    }

    public Exception NotEnough(long neededBytes) => new InsufficientMemoryException($"needs {neededBytes}");
}
