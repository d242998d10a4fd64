namespace Sleeper.Ingest.Core;

/// <summary>Figures of an ingest that has not been made: of all of it, of one commit, or of one leaf.</summary>
/// <param name="RowCount">Rows.</param>
/// <param name="FileCount">Data files. As many sketches files stand beside them.</param>
/// <param name="ObjectCount">Objects that stay: data files, sketches, entries of the table's log and its snapshots.</param>
/// <param name="Bytes">Bytes of the data files.</param>
/// <param name="Requests">Requests to the object store.</param>
/// <param name="Dollars">What requests, and the machine where the time is known, cost.</param>
/// <param name="MemoryBytes">The most bytes of the memory budget in use.</param>
/// <param name="SpilledBytes">Bytes of rows that go to local disk because memory is used up. On disk they take as many at the most: those of one length are packed.</param>
public sealed record IngestEstimate(
    long RowCount, long FileCount, long ObjectCount, long Bytes, StoreRequests Requests, decimal Dollars, long MemoryBytes, long SpilledBytes)
{
    /// <summary>Bytes of a data file, on average.</summary>
    public long BytesPerFile => FileCount == 0 ? 0 : Bytes / FileCount;

    /// <summary>Dollars for a million rows.</summary>
    public decimal DollarsPerMillionRows => RowCount == 0 ? 0 : Dollars * 1_000_000m / RowCount;
}
