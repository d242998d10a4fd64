using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core;

/// <summary>A table at one state of it, in numbers.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="TransactionNumber">The last entry of the table's files log that is counted; 0 for none.</param>
/// <param name="Leaves">The leaf partitions from low to high.</param>
/// <param name="RowCount">Rows of the table.</param>
/// <param name="FileCount">Data files, each counted once.</param>
/// <param name="LengthBytes">Bytes of the data files that are there.</param>
/// <param name="RowCountAboveLeaves">Of the rows those whose files are still referenced on partitions that were split since; no leaf counts them.</param>
/// <param name="IsRowCountApproximate">True if some counts in the table's state are estimates; never so for rows that this library ingested.</param>
/// <param name="MissingFiles">Data files that the table's state names and the store does not have; usually empty. A read ends at them with an error.</param>
/// <param name="RecentCommits">The last commits, newest first.</param>
public sealed record TableDescription(
    string Name,
    long TransactionNumber,
    IReadOnlyList<LeafDescription> Leaves,
    long RowCount,
    int FileCount,
    long LengthBytes,
    long RowCountAboveLeaves,
    bool IsRowCountApproximate,
    IReadOnlyList<string> MissingFiles,
    IReadOnlyList<CommitSummary> RecentCommits);
