using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A file in memory for the Parquet reader, which notes what was read of it.</summary>
internal sealed class BytesSource(string name, byte[] bytes) : IRandomAccessReader
{
    private readonly List<(long Offset, int Length)> _reads = [];

    public string Name => name;

    public long Length => bytes.Length;

    public long RequestCostBytes { get; init; } = 1 << 20;

    public IReadOnlyList<(long Offset, int Length)> Reads => _reads;

    /// <summary>Fails each read that touches this byte, if it is not negative.</summary>
    public long FaultyByte { get; init; } = -1;

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_reads)
        {
            _reads.Add((offset, buffer.Length));
        }

        if (FaultyByte >= offset && FaultyByte < offset + buffer.Length)
        {
            throw new IOException("a byte that cannot be read");
        }

        bytes.AsMemory(checked((int)offset), buffer.Length).CopyTo(buffer);
        return ValueTask.CompletedTask;
    }
}
