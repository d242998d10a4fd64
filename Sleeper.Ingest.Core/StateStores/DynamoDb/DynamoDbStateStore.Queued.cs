using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <content>What commits through Sleeper's committer need of the logs: the same checks as before a put, and a look for the entry afterwards.</content>
internal sealed partial class DynamoDbStateStore
{
    /// <summary>Checks a commit as before a put, and stores its transaction if it is too long for a message.</summary>
    /// <returns>What to send; or the result, if the ingest is committed already.</returns>
    internal async Task<(PreparedMessage? Prepared, CommitResult? Committed)> PrepareQueuedAsync(
        IngestAttempt attempt, IngestCommit commit, AddFiles.JobMembers? job, CancellationToken cancellationToken)
    {
        CommitRules.Check(attempt, commit);
        RequireOwnNames(commit);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var pending = new PendingCommit(attempt, commit, HashOf(attempt.IngestId), _options.Time.GetUtcNow(), job);
            await ReadBeforeCommitAsync(pending, cancellationToken).ConfigureAwait(false);
            if (await JudgeAsync(pending, cancellationToken).ConfigureAwait(false) is { } committed)
            {
                return (null, committed);
            }

            RequireOwnEnd(_head.EndsWithForeignEntry, _filesLog, _head.Position.Number);
            using var deadline = new CommitDeadline(_options, cancellationToken);
            await StoreBodyAsync(pending, deadline).ConfigureAwait(false);
            return (new PreparedMessage(attempt, commit, pending.Json, pending.BodyKey, _head.Position.Number), null);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The number of the entry of an attempt; null if the log has none, yet.</summary>
    internal async Task<long?> FindAttemptAsync(IngestAttempt attempt, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RefreshHeadAsync(isAnchored: false, cancellationToken).ConfigureAwait(false);
            return _head.TryGetCommit(HashOf(attempt.IngestId), out var known) && known.AttemptId == attempt.AttemptId ? known.Number : null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes the transaction of a message that was not sent.</summary>
    internal async Task RemoveBodyAsync(PreparedMessage message)
    {
        if (message.BodyKey is not null)
        {
            await RemoveBodyAsync(message.BodyKey).ConfigureAwait(false);
        }
    }
}
