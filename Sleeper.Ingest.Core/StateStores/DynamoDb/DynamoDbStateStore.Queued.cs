using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <content>What commits through Sleeper's committer need of the logs: the same checks as before a put, and a look for the entry afterwards.</content>
internal sealed partial class DynamoDbStateStore
{
    /// <summary>Checks a commit as before a put, and stores its transaction if it is too long for a message.</summary>
    /// <returns>What to send; or the result, if the ingest is committed already.</returns>
    internal async Task<(PreparedMessage? Prepared, CommitResult? Committed)> PrepareQueuedAsync(
        IngestAttempt attempt, IngestCommit commit, CommitJob? job, CancellationToken cancellationToken)
    {
        CommitRules.Check(attempt, commit);
        RequireOwnNames(commit);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = _options.Time.GetUtcNow();
            var members = job is null ? null : new AddFiles.JobMembers(job.JobId, job.TaskId, job.JobRunId, now.ToUnixTimeMilliseconds());
            var pending = new PendingCommit(attempt, commit, HashOf(attempt.IngestId), now, members);
            await ReadBeforeCommitAsync(pending, cancellationToken).ConfigureAwait(false);
            if (await JudgeAsync(pending, cancellationToken).ConfigureAwait(false) is { } committed)
            {
                return (null, committed);
            }

            RequireOwnEnd(_head.EndsWithForeignEntry, _filesLog, _head.Position.Number);
            using var deadline = new CommitDeadline(_options, cancellationToken);
            await StoreBodyAsync(pending, deadline).ConfigureAwait(false);
            return (new PreparedMessage(pending.Json, pending.BodyKey), null);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// The commit of an ingest, once its entry is in the log; null if there is none, yet. For ingests whose history was learned, or that were begun at the end of the log.
    /// </summary>
    internal async Task<CommitResult?> FindEntryAsync(string ingestId, CommitResult queued, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RefreshHeadAsync(isAnchored: false, cancellationToken).ConfigureAwait(false);
            return _head.TryGetCommit(HashOf(ingestId), out var known)
                && LiveTablePaths.TryParseIngest(queued.Files[0].FileName, out _, out string attempt) && known.AttemptId == attempt
                ? queued with { TransactionNumber = known.Number, IsQueued = false }
                : await FindKnownAsync(ingestId, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Those of some ingests, by their hashes, that the log has entries of, as far as it was read.</summary>
    internal async Task<IReadOnlySet<string>> KnownAmongAsync(IEnumerable<string> ingestHashes, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return ingestHashes.Where(hash => _head.TryGetCommit(hash, out _)).ToHashSet(StringComparer.Ordinal);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A commit that was queued, as the transaction of its message tells it.</summary>
    /// <exception cref="TableDamagedException">The object that holds the transaction is not there, or it is none.</exception>
    internal async Task<CommitResult> ReadQueuedAsync(string? json, string? bodyKey, CancellationToken cancellationToken)
    {
        var entry = new LiveLogEntry(0, 0, TransactionType.AddFiles, json, bodyKey);
        var transaction = await _bodies.ReadAsync(entry, $"A queued commit of table '{_table.TableName}'", cancellationToken).ConfigureAwait(false);
        return ResultOf((AddFiles)transaction) with { IsQueued = true };
    }

    /// <summary>What the files and claims of an ingest bear.</summary>
    internal string IngestHashOf(string ingestId) => HashOf(ingestId);

    /// <summary>Removes the transaction of a message that was not sent.</summary>
    internal async Task RemoveQueuedBodyAsync(string? bodyKey)
    {
        if (bodyKey is not null)
        {
            await RemoveBodyAsync(bodyKey).ConfigureAwait(false);
        }
    }
}
