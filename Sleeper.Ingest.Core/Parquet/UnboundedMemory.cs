namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Gives as much memory as is asked for.</summary>
internal sealed class UnboundedMemory : IReadMemory
{
    public static readonly UnboundedMemory Instance = new();

    /// <inheritdoc/>
    public long ShareBytes { get; init; } = long.MaxValue;

    public bool KeepsSpares => true;

    public ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    public bool TryReserve(long bytes) => true;

    public void Release(long bytes)
    {
    }

    public Exception NotEnough(long neededBytes) => new InsufficientMemoryException($"{neededBytes:N0} bytes of memory are needed.");
}
