using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The last commits of a table, oldest first.</summary>
internal static class History
{
    /// <summary>Adds an entry if it is a commit, and drops what is too old.</summary>
    public static void Add(List<CommitSummary> recent, EntryHeader header)
    {
        if (header.IsCommit)
        {
            recent.Add(new CommitSummary(header.Number, header.IngestId!, header.RowCount, header.FileCount, header.Time));
            if (recent.Count > FilesSnapshot.RecentCount)
            {
                recent.RemoveAt(0);
            }
        }
    }
}
