using System.Text;
using Sleeper.Ingest.Core.Partitioning;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What a commit must be like, checked before anything is written: readers apply entries blindly.</summary>
internal static class CommitRules
{
    private const int MaxIngestIdBytes = 1024;

    public static void CheckIngestId(string ingestId)
    {
        ArgumentNullException.ThrowIfNull(ingestId);
        Require(ingestId.Length > 0, "The ingest id is empty. Give one, or let one be made up.");
        int length = Encoding.UTF8.GetByteCount(ingestId);
        Require(length <= MaxIngestIdBytes, $"The ingest id is {length} bytes long in UTF-8. It may have {MaxIngestIdBytes}.");
        for (int i = 0; i < ingestId.Length; i++)
        {
            bool pair = char.IsHighSurrogate(ingestId[i]) && i + 1 < ingestId.Length && char.IsLowSurrogate(ingestId[i + 1]);
            Require(pair || !char.IsSurrogate(ingestId[i]), $"The ingest id holds half of a surrogate pair at position {i}. Give text.");
            i += pair ? 1 : 0;
        }
    }

    public static void Check(IngestAttempt attempt, IngestCommit commit)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(commit);
        CheckIngestId(attempt.IngestId);
        Require(commit.Files.Count > 0, $"Ingest '{attempt.IngestId}' has no files to commit. An ingest of no rows writes nothing: abandon the attempt.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        long rows = 0;
        foreach (var file in commit.Files)
        {
            Require(!string.IsNullOrEmpty(file.FileName), $"A file of ingest '{attempt.IngestId}' has no name.");
            Require(names.Add(file.FileName), $"The file '{file.FileName}' is twice in the commit of ingest '{attempt.IngestId}'.");
            string name = file.FileName[(file.FileName.LastIndexOf('/') + 1)..];
            Require(
                name.StartsWith(attempt.FileNamePrefix, StringComparison.Ordinal),
                $"The name of the file '{file.FileName}' does not begin with the prefix of its attempt, '{attempt.FileNamePrefix}': it could be another's.");
            rows += CheckReferences(file);
        }

        Require(rows == commit.RowCount, $"The files of ingest '{attempt.IngestId}' have {rows} rows by their references, but {commit.RowCount} are to be committed.");
    }

    /// <exception cref="CommitFailedException">A partition is not there, or a reference lies above another of the same file.</exception>
    public static void CheckPartitions(IngestCommit commit, PartitionTree tree)
    {
        foreach (var file in commit.Files)
        {
            var partitions = file.References.Select(r => r.PartitionId).ToHashSet(StringComparer.Ordinal);
            foreach (string id in partitions)
            {
                if (!tree.Contains(id))
                {
                    throw new CommitFailedException(
                        $"The file '{file.FileName}' has rows of the partition '{id}', which the table does not have. Write the rows again with the table's partitions.");
                }
            }

            // A file with one reference, the usual case, cannot lie on two levels of the tree.
            if (partitions.Count > 1 && partitions.Any(id => tree.AncestorsOf(id).Any(a => partitions.Contains(a.Id))))
            {
                throw new CommitFailedException(
                    $"The file '{file.FileName}' has references on a partition and on one above it: its rows would be read twice. Refer to leaves only.");
            }
        }
    }

    private static long CheckReferences(DataFile file)
    {
        Require(file.References.Count > 0, $"The file '{file.FileName}' has no references: nobody would read it.");
        long rows = 0;
        var partitions = new HashSet<string>(StringComparer.Ordinal);
        foreach (var reference in file.References)
        {
            Require(!string.IsNullOrEmpty(reference.PartitionId), $"A reference of the file '{file.FileName}' has no partition.");
            Require(partitions.Add(reference.PartitionId), $"The file '{file.FileName}' has two references on the partition '{reference.PartitionId}'.");
            Require(
                reference.FileName == file.FileName,
                $"A reference of the file '{file.FileName}' is of the file '{reference.FileName}'.");
            Require(
                reference.RowCount >= 0,
                $"The file '{file.FileName}' has {reference.RowCount} rows on the partition '{reference.PartitionId}'. It cannot be less than none.");
            rows += reference.RowCount;
        }

        return rows;
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
