namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Where the Parquet engine reads from: bytes at an offset. Must be safe for several reads at once.</summary>
internal interface IRandomAccessReader
{
    /// <summary>What error messages call the file.</summary>
    string Name { get; }

    long Length { get; }

    /// <summary>Fills the whole buffer from <paramref name="offset"/> on, or throws.</summary>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
