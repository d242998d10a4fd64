using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <content>
/// Commits whose end was not known. Within this store they are taken to their end: the same entry is put at the same number again, until the number has an owner.
/// </content>
internal sealed partial class DynamoDbStateStore
{
    /// <summary>
    /// Whether an ingest is committed. An attempt of this store whose end was not known is taken to its end; that may commit it. A "no" about an attempt of
    /// another process says that no entry of it is in the log. Should a put of a process that died still land, the id is committed after all; that cannot double
    /// rows, as a new attempt has to take the same number first, or finds it there.
    /// </summary>
    public async Task<IngestResolution> ResolveAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            try
            {
                await BringHistoryUpToDateAsync(cancellationToken).ConfigureAwait(false);
                if (await FindKnownAsync(ingestId, cancellationToken).ConfigureAwait(false) is { } known)
                {
                    Settle(ingestId);
                    return Answer(ingestId, known);
                }
            }
            catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
            {
                throw StillUnknown(ingestId, e);
            }

            foreach (var pending in DoubtsOf(ingestId))
            {
                try
                {
                    return Answer(ingestId, await CommitAsync(pending, cancellationToken).ConfigureAwait(false));
                }
                catch (CommitFailedException)
                {
                    // Its number has another owner: it is not in the log and never will be.
                }
            }

            return Answer(ingestId, null);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task AbandonAsync(IngestAttempt attempt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        if (!_doubts.ContainsKey(attempt.AttemptId))
        {
            return;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_doubts.TryGetValue(attempt.AttemptId, out var pending))
            {
                await RefreshHeadAsync(isAnchored: false, cancellationToken).ConfigureAwait(false);
                RequireDead(pending);
                _doubts.TryRemove(attempt.AttemptId, out _);
                await RemoveBodyAsync(pending).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private void RequireDead(PendingCommit pending)
    {
        var attempt = pending.Attempt;
        if (_head.TryGetCommit(pending.IngestHash, out var known) && known.AttemptId == attempt.AttemptId)
        {
            throw new InvalidOperationException(
                $"Attempt {attempt.AttemptId} of ingest '{attempt.IngestId}' cannot be abandoned: it is committed, by {_filesLog.NameOf(known.Number)}.");
        }

        if (_head.Position.Number < pending.DoubtfulNumber)
        {
            throw StillUnknown(attempt.IngestId, null);
        }
    }

    private IngestResolution Answer(string ingestId, CommitResult? committed) => new(ingestId, committed) { KnownFrom = _head.KnownFrom };

    private List<PendingCommit> DoubtsOf(string ingestId) => [.. _doubts.Values.Where(p => p.Attempt.IngestId == ingestId)];

    /// <summary>Forgets the doubts about an ingest that is known as committed, as far as their numbers have owners.</summary>
    private void Settle(string ingestId)
    {
        foreach (var pending in DoubtsOf(ingestId).Where(p => _head.Position.Number >= p.DoubtfulNumber))
        {
            _doubts.TryRemove(pending.Attempt.AttemptId, out _);
        }
    }

    private CommitOutcomeUnknownException StillUnknown(string ingestId, Exception? error) => new(
        ingestId,
        $"Whether ingest '{ingestId}' is committed could not be found out after {_filesLog.NameOf(_head.Position.Number)}{(error is null ? "" : $": {error.Message}")} "
        + "Keep its files and ask again when DynamoDB answers.",
        error);
}
