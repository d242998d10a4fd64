namespace Sleeper.Ingest.Core.Parquet;

/// <summary>Where the Parquet engine reads from: bytes at an offset. Must be safe for several reads at once.</summary>
internal interface IRandomAccessReader
{
    /// <summary>What error messages call the file.</summary>
    string Name { get; }

    long Length { get; }

    /// <summary>
    /// About how many bytes could be read in the time that one more request takes. Ranges that lie closer together are read in one; and where that is
    /// <see cref="FarBytes"/> or more, bytes are fetched before they are needed. Default: 1 MiB, as fits a bucket.
    /// </summary>
    long RequestCostBytes => 1 << 20;

    /// <summary>What a request to something far away costs at the least.</summary>
    const long FarBytes = 64 << 10;

    /// <summary>Fills the whole buffer from <paramref name="offset"/> on, or throws.</summary>
    ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
