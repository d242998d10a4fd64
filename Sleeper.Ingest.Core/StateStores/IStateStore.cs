using Sleeper.Ingest.Core.Partitioning;

namespace Sleeper.Ingest.Core.StateStores;

/// <summary>
/// The state of one table: its partitions and the files that hold its rows. Files become visible here, all files of an ingest at once,
/// and an ingest id at most once.
/// </summary>
/// <remarks>
/// What every implementation keeps: one total order of commits; all of a commit or nothing; a commit that was answered is found by every later
/// read; an ingest id that is committed stays so, with the first result, for as long as the ledger keeps it. Thread-safe.
/// </remarks>
public interface IStateStore
{
    /// <summary>The partition tree as it is now.</summary>
    Task<PartitionTree> LoadPartitionsAsync(CancellationToken cancellationToken = default);

    /// <summary>Gives a new table its partitions. Who comes second gets the tree of who came first.</summary>
    Task<PartitionTree> InitialisePartitionsAsync(PartitionTree tree, CancellationToken cancellationToken = default);

    /// <summary>Partitions and files at one point of the table's history.</summary>
    Task<TableState> LoadStateAsync(CancellationToken cancellationToken = default);

    /// <summary>The result of an ingest that is committed; null if it is not. Unlike <see cref="ResolveAsync"/> a null can be out of date at once.</summary>
    Task<CommitResult?> FindCommitAsync(string ingestId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Announces a run of an ingest, before its first object is written. If the id is committed already, the attempt says so and may not commit.
    /// </summary>
    Task<IngestAttempt> BeginAttemptAsync(string ingestId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Says that an attempt is still at work, so that maintenance leaves it alone; to be called some times within its grace time (an hour by default). An
    /// attempt that did not do it, and was ended, cannot commit: it harms nothing but itself. Not to be called any more once the attempt is being
    /// committed or abandoned.
    /// </summary>
    Task KeepAliveAsync(IngestAttempt attempt, CancellationToken cancellationToken = default);

    /// <summary>Makes the files of an attempt visible, all together, and closes the attempt.</summary>
    /// <exception cref="CommitFailedException">It is certain that nothing of it is or will be visible: the objects may be removed.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It is not known: the objects must stay. <see cref="ResolveAsync"/> answers later.</exception>
    Task<CommitResult> CommitAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken = default);

    /// <summary>Closes an attempt that will not commit. Called after its objects are removed.</summary>
    Task AbandonAsync(IngestAttempt attempt, CancellationToken cancellationToken = default);

    /// <summary>Whether an ingest is committed. The answer stays true for ever: a "no" ends every attempt that is under way.</summary>
    Task<IngestResolution> ResolveAsync(string ingestId, CancellationToken cancellationToken = default);
}

/// <summary>One run of an ingest.</summary>
/// <param name="IngestId">Decides what commits: an id commits at most once.</param>
/// <param name="AttemptId">Decides who owns an object: fresh for every run.</param>
/// <param name="FileNamePrefix">What the names of the attempt's objects begin with: <c>&lt;hash of table and ingest id&gt;-&lt;attempt id&gt;</c>.</param>
/// <param name="Committed">The result of the earlier attempt if the id is committed already; otherwise null.</param>
public sealed record IngestAttempt(string IngestId, string AttemptId, string FileNamePrefix, CommitResult? Committed)
{
    /// <summary>The last entry of the files log that had been read when the attempt was begun: an END of a later number can name it.</summary>
    internal long OpenedAt { get; init; }

    /// <summary>When it was begun, by the writer's clock.</summary>
    internal DateTimeOffset Began { get; init; }

    /// <summary>True if the ingest's id was made up for it: nobody can have committed it before.</summary>
    internal bool IsFresh { get; init; }
}

/// <summary>What an ingest wants to make visible.</summary>
/// <param name="Files">At least one.</param>
/// <param name="RowCount">Rows of all files together.</param>
/// <param name="PlannedOnPartitions">The number of the partitions log's entry that the leaves come from.</param>
/// <param name="Digest">
/// A digest of the rows, so that a second attempt with other rows under the same id is noticed; empty if there is none.
/// </param>
public sealed record IngestCommit(IReadOnlyList<DataFile> Files, long RowCount, long PlannedOnPartitions, string Digest = "");

/// <summary>A commit that happened.</summary>
/// <param name="TransactionNumber">The number of its entry in the table's files log.</param>
/// <param name="RowCount">Rows that became visible.</param>
/// <param name="Files">The files that became visible.</param>
/// <param name="AlreadyCommitted">True if an earlier attempt of the same ingest id did it.</param>
public sealed record CommitResult(long TransactionNumber, long RowCount, IReadOnlyList<DataFile> Files, bool AlreadyCommitted = false)
{
    /// <summary>
    /// True if it did not happen yet: it was handed to the committer of a deployed instance. There is no number then; rows and files are what will become visible.
    /// </summary>
    public bool IsQueued { get; init; }

    /// <summary>The ingest job whose members its entry or message bears; null for none, or if that is not known.</summary>
    internal CommitJob? Job { get; init; }
}

/// <summary>The answer to "is it committed?".</summary>
/// <param name="IngestId">The id asked for.</param>
/// <param name="Committed">The result, or null if the ingest is not committed and no attempt begun so far ever will be.</param>
public sealed record IngestResolution(string IngestId, CommitResult? Committed)
{
    /// <summary>
    /// The answer knows of commits from this transaction number on: the table forgets ids after some time (90 days by default), when maintenance says so.
    /// 0 if nothing was forgotten yet. A null in <see cref="Committed"/> says nothing about commits before it.
    /// </summary>
    public long KnownFrom { get; init; }
}

/// <summary>A table at one point of its history.</summary>
/// <param name="TransactionNumber">The last entry of the files log that is included; 0 for none.</param>
/// <param name="Partitions">A tree in which every partition that a reference names can be found.</param>
/// <param name="References">All file references.</param>
/// <param name="RecentCommits">The last commits, newest first.</param>
public sealed record TableState(
    long TransactionNumber,
    PartitionTree Partitions,
    IReadOnlyList<FileReference> References,
    IReadOnlyList<CommitSummary> RecentCommits);

/// <summary>One line of a table's history.</summary>
/// <param name="TransactionNumber">The entry's number in the files log.</param>
/// <param name="IngestId">The ingest, if the entry is of one.</param>
/// <param name="RowCount">Rows added.</param>
/// <param name="FileCount">Files added.</param>
/// <param name="Time">When the writer says it was, by the writer's clock: for people, never for decisions.</param>
public sealed record CommitSummary(long TransactionNumber, string IngestId, long RowCount, int FileCount, DateTimeOffset Time);
