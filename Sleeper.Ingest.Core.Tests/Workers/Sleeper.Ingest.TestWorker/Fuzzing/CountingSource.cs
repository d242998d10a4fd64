using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A file in memory that counts what is read of it, and fails where a reader asks for what is not there.</summary>
internal sealed class CountingSource(byte[] bytes) : IRandomAccessReader
{
    public const string FileName = "made.parquet";

    public string Name => FileName;

    public long Length => bytes.Length;

    /// <summary>What a request costs, in bytes: where it is much, readers fetch ahead.</summary>
    public long RequestCostBytes { get; init; } = 1 << 20;

    public long ReadBytes { get; private set; }

    public ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (offset < 0 || offset + buffer.Length > bytes.Length)
        {
            throw new FuzzFailure($"{buffer.Length:N0} bytes at {offset:N0} were asked for, of a file of {bytes.Length:N0}.");
        }

        ReadBytes += buffer.Length;
        bytes.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
        return ValueTask.CompletedTask;
    }
}
