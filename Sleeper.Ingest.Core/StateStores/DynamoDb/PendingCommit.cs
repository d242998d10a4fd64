using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A commit under way, and all that must stay the same from put to put.</summary>
/// <param name="attempt">Whose it is.</param>
/// <param name="commit">What is to become visible.</param>
/// <param name="ingestHash">What the names of its files begin with.</param>
/// <param name="updateTime">The entry's time, read once: tries do not change it.</param>
/// <param name="job">The members of its ingest job, if it is of one and goes through the committer; else null.</param>
internal sealed class PendingCommit(IngestAttempt attempt, IngestCommit commit, string ingestHash, DateTimeOffset updateTime, AddFiles.JobMembers? job = null)
{
    public IngestAttempt Attempt { get; } = attempt;

    public IngestCommit Commit { get; } = commit;

    public string IngestHash { get; } = ingestHash;

    /// <summary>The transaction as it stands in the entry.</summary>
    public string Json { get; } = System.Text.Encoding.UTF8.GetString(new AddFiles(CommittedFiles.ToTransaction(commit.Files).Files, job).ToBytes());

    /// <summary>The object that holds the transaction, once it is stored; null as long as there is none.</summary>
    public string? BodyKey { get; set; }

    /// <summary>The number that was put without learning what became of it; 0 if there is none.</summary>
    public long DoubtfulNumber { get; set; }

    /// <summary>True while an entry of this commit may be in the log, or get there.</summary>
    public bool IsInDoubt => DoubtfulNumber > 0;

    public LiveLogEntry EntryAt(long number) => new(
        number, updateTime.ToUnixTimeMilliseconds(), TransactionType.AddFiles, BodyKey is null ? Json : null, BodyKey);
}
