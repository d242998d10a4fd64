namespace Sleeper.Ingest.Core.StateStores;

/// <summary>One partition's share of a data file: an entry of the table's state.</summary>
/// <param name="FileName">The data file. In an own table relative to the table's root; in a live instance a full URL.</param>
/// <param name="PartitionId">The partition that the rows belong to.</param>
/// <param name="RowCount">The rows of the file that fall in the partition.</param>
/// <param name="CountApproximate">True if <paramref name="RowCount"/> is an estimate. Never set by an ingest.</param>
/// <param name="OnlyContainsDataForThisPartition">True if no other partition holds a reference to the file.</param>
public sealed record FileReference(
    string FileName,
    string PartitionId,
    long RowCount,
    bool CountApproximate = false,
    bool OnlyContainsDataForThisPartition = true);

/// <summary>A data file of an ingest with all references to it.</summary>
/// <param name="FileName">As in <see cref="FileReference.FileName"/>.</param>
/// <param name="LengthBytes">The Parquet object's size.</param>
/// <param name="References">One for each partition that has rows in the file.</param>
public sealed record DataFile(string FileName, long LengthBytes, IReadOnlyList<FileReference> References);
