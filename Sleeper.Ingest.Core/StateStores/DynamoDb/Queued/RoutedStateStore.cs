using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>
/// The state of a live table for an ingest whose commit goes one of two ways: an entry put here, or a message to the committer. What an earlier run of the same ingest left in the
/// queue is found whichever way this one goes.
/// </summary>
internal sealed class RoutedStateStore : IStateStore
{
    private readonly DynamoDbStateStore _log;
    private readonly QueuedCommits _queue;
    private readonly CommitRoute _route;

    /// <exception cref="IngestException">The route is the queue, and the instance has none.</exception>
    public RoutedStateStore(DynamoDbStateStore log, QueuedCommits queue, CommitRoute route)
    {
        _log = log;
        _queue = queue;
        _route = route;
        if (route.IsQueued)
        {
            _ = queue.Queue;
        }
    }

    public Task<PartitionTree> LoadPartitionsAsync(CancellationToken cancellationToken = default) => _log.LoadPartitionsAsync(cancellationToken);

    public Task<PartitionTree> InitialisePartitionsAsync(PartitionTree tree, CancellationToken cancellationToken = default) =>
        _log.InitialisePartitionsAsync(tree, cancellationToken);

    public Task<TableState> LoadStateAsync(CancellationToken cancellationToken = default) => _log.LoadStateAsync(cancellationToken);

    /// <summary>The commit that is in the log, or else, if that is where ours would go, the one that may be in the queue.</summary>
    public async Task<CommitResult?> FindCommitAsync(string ingestId, CancellationToken cancellationToken = default) =>
        await _log.FindCommitAsync(ingestId, cancellationToken).ConfigureAwait(false)
        ?? (_route.IsQueued ? await _queue.FindAsync(ingestId, cancellationToken).ConfigureAwait(false) : null);

    /// <summary>A commit of an earlier run that may be in the queue counts as committed: it is sent once more, if the log does not have it.</summary>
    public async Task<IngestAttempt> BeginAttemptAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        var attempt = await _log.BeginAttemptAsync(ingestId, cancellationToken).ConfigureAwait(false);
        if (attempt.Committed is not null)
        {
            return attempt;
        }

        try
        {
            return await _queue.ResumeAsync(ingestId, cancellationToken).ConfigureAwait(false) is { } earlier
                ? attempt with { Committed = await WaitAsync(ingestId, earlier, cancellationToken).ConfigureAwait(false) }
                : attempt;
        }
        catch (ObjectStoreException e) when (e.IsForbidden && !_route.IsQueued)
        {
            // Without s3:ListBucket an object that is not there cannot be told from one that may not be read, and direct commits need neither.
            return attempt;
        }
    }

    public Task KeepAliveAsync(IngestAttempt attempt, CancellationToken cancellationToken = default) => _log.KeepAliveAsync(attempt, cancellationToken);

    public async Task<CommitResult> CommitAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return _route.IsQueued
            ? await WaitAsync(attempt.IngestId, await _queue.SendAsync(attempt, commit, _route.Job, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false)
            : await _log.CommitAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
    }

    public Task AbandonAsync(IngestAttempt attempt, CancellationToken cancellationToken = default) => _log.AbandonAsync(attempt, cancellationToken);

    /// <summary>
    /// Whether an ingest is committed. A commit that may be in the queue is neither: it is sent once more, if the log does not have it, and the answer stays open.
    /// </summary>
    /// <exception cref="CommitOutcomeUnknownException">It may be in the queue.</exception>
    public async Task<IngestResolution> ResolveAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        var answer = await _log.ResolveAsync(ingestId, cancellationToken).ConfigureAwait(false);
        if (answer.Committed is not null)
        {
            return answer;
        }

        return await _queue.ResumeAsync(ingestId, cancellationToken).ConfigureAwait(false) switch
        {
            null => answer,
            { IsQueued: false } committed => answer with { Committed = committed },
            _ => throw new CommitOutcomeUnknownException(
                ingestId,
                $"Ingest '{ingestId}' is not committed yet: its message is with the committer, in '{_queue.Queue.Name}', and the table's log has no entry with its files. Ask again later; "
                + "if it stays so, look at the committer and at the queue's dead letters."),
        };
    }

    private Task<CommitResult> WaitAsync(string ingestId, CommitResult result, CancellationToken cancellationToken) =>
        result.IsQueued && _route.Wait > TimeSpan.Zero ? _queue.WaitAsync(ingestId, result, _route.Wait, cancellationToken) : Task.FromResult(result);
}
