using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Memory with a share and an end, which counts what is taken and given back.</summary>
internal sealed class FuzzMemory(long shareBytes, long limitBytes) : IReadMemory
{
    /// <summary>The error of memory that could not be had.</summary>
    public sealed class NoneLeft(long neededBytes) : Core.IngestException($"{neededBytes:N0} bytes are needed.");

    public long ShareBytes => shareBytes;

    public bool KeepsSpares => true;

    public long Taken { get; private set; }

    public ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken) => ValueTask.FromResult(TryReserve(bytes));

    public bool TryReserve(long bytes)
    {
        if (bytes < 0)
        {
            throw new FuzzFailure($"{bytes:N0} bytes of memory were asked for.");
        }

        bool isThere = bytes <= limitBytes - Taken;
        Taken += isThere ? bytes : 0;
        return isThere;
    }

    public void Release(long bytes)
    {
        Taken -= bytes;
        if (bytes < 0 || Taken < 0)
        {
            throw new FuzzFailure($"{bytes:N0} bytes of memory were given back; {Taken + bytes:N0} were taken.");
        }
    }

    public Exception NotEnough(long neededBytes) =>
        neededBytes < 0 ? new FuzzFailure($"{neededBytes:N0} bytes of memory are said to be needed.") : new NoneLeft(neededBytes);
}
