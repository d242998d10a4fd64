namespace Sleeper.Ingest.Core;

/// <summary>Where an ingest is.</summary>
public enum IngestStage
{
    /// <summary>Rows are taken in, encoded and put into buckets; spilled if memory is used up.</summary>
    Accepting,

    /// <summary>Buckets are sorted and written as data files.</summary>
    Writing,

    /// <summary>Data files are made durable and committed.</summary>
    Committing,

    /// <summary>All is done.</summary>
    Done,
}

/// <summary>How far an ingest is. Reported a few times a second at most, from any thread.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="RowsAccepted">Rows taken in so far.</param>
/// <param name="RowsWritten">Rows that are in finished data files.</param>
/// <param name="FilesWritten">Finished data files.</param>
/// <param name="BytesWritten">Bytes of finished data files.</param>
/// <param name="SpilledBytes">Bytes written to local disk because memory was used up.</param>
/// <param name="RowsExpected">Rows there will be in the end, if that is known (Parquet files say it); otherwise null.</param>
public readonly record struct IngestProgress(
    IngestStage Stage,
    long RowsAccepted,
    long RowsWritten,
    int FilesWritten,
    long BytesWritten,
    long SpilledBytes,
    long? RowsExpected);
