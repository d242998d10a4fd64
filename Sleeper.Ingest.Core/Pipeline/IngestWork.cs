namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>A numbered piece of the input: some rows, or a row group of a Parquet file. Encoded by any worker, bucketed in the order of the numbers.</summary>
internal abstract class IngestWork
{
    /// <summary>The piece's place among all pieces.</summary>
    public long Number { get; set; }

    /// <summary>The place of its first row among all rows given to the writer.</summary>
    public long FirstRowNumber { get; init; }

    /// <summary>Encodes the rows into the context's batches.</summary>
    public abstract ValueTask EncodeAsync(EncodeContext context, CancellationToken cancellationToken);
}
