namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Ends of attempts. A "no" is written into the log before it is said: an END owns the number that a late put of the attempt would have needed,
/// and everybody who judges the attempt later finds it.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>The body of an END: it adds no files.</summary>
    private static readonly byte[] NoFiles = "{\"files\":[]}"u8.ToArray();

    public async Task<IngestResolution> ResolveAsync(string ingestId, CancellationToken cancellationToken = default)
    {
        CommitRules.CheckIngestId(ingestId);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            var row = await EndAsync(ingestId, attemptId: null, cancellationToken).ConfigureAwait(false);
            if (row is null)
            {
                return new IngestResolution(ingestId, null) { KnownFrom = _head.LedgerFrom };
            }

            return new IngestResolution(ingestId, await FindKnownCommitAsync(ingestId, cancellationToken).ConfigureAwait(false)) { KnownFrom = _head.LedgerFrom };
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task AbandonAsync(IngestAttempt attempt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A put of this attempt may still be on its way: without an END it could land after the abort.
            if (_attemptsInDoubt.ContainsKey(attempt.AttemptId))
            {
                await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
                var row = await EndAsync(attempt.IngestId, attempt.AttemptId, cancellationToken).ConfigureAwait(false);
                if (row?.AttemptId == attempt.AttemptId)
                {
                    throw new InvalidOperationException(
                        $"Attempt {attempt.AttemptId} of ingest '{attempt.IngestId}' cannot be abandoned: it is committed, by {_files.NameOf(row.Value.Number)}.");
                }

                _attemptsInDoubt.TryRemove(attempt.AttemptId, out _);
            }
        }
        finally
        {
            _gate.Release();
        }

        await _intents.DeleteAsync(attempt.IngestId, attempt.AttemptId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends one attempt, or with null every attempt of an ingest that was opened so far. Returns the row of the ledger instead if the ingest is
    /// committed: then nothing was ended.
    /// </summary>
    private async Task<LedgerRow?> EndAsync(string ingestId, string? attemptId, CancellationToken cancellationToken)
    {
        LedgerRow? committed = null;
        await AppendIfWantedAsync(
            () =>
            {
                committed = _head.TryGetCommit(ingestId, out var row) ? row : null;
                return committed is null ? header => header with { IngestId = ingestId, AttemptId = attemptId, IsEnd = true } : null;
            },
            error => StillUnknown(ingestId, error),
            cancellationToken).ConfigureAwait(false);
        return committed;
    }

    private CommitOutcomeUnknownException StillUnknown(string ingestId, Exception? error) => new(
        ingestId,
        $"Whether ingest '{ingestId}' is committed could not be found out after {_files.NameOf(_head.Number)}: the log could not be read or written. "
        + "Keep its files and ask again when the store answers.",
        error);
}
