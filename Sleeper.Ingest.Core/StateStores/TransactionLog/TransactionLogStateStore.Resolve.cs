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

    /// <summary>
    /// Puts an entry without files, and before each try asks whether it is wanted still, since the entries of others may have made it needless.
    /// </summary>
    /// <param name="judge">What the entry's header says besides its place in the log; null if no entry is wanted.</param>
    /// <param name="unknown">The error for an end that is not known, from its cause.</param>
    /// <param name="cancellationToken">Gives up between two tries.</param>
    private async Task AppendIfWantedAsync(
        Func<Func<EntryHeader, EntryHeader>?> judge, Func<Exception?, Exception> unknown, CancellationToken cancellationToken)
    {
        using var deadline = new CommitDeadline(_options, cancellationToken);
        var appender = new LogAppender(_files, _options);
        var backoff = new JitteredBackoff(_options);
        var time = _options.Time.GetUtcNow();
        while (judge() is { } fill)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (deadline.IsOver)
            {
                throw unknown(null);
            }

            var entry = _files.Prepare(new LogEntry(fill(NextHeader(time)), NoFiles, []));
            var (end, error) = await appender.AppendAsync(entry, deadline).ConfigureAwait(false);
            if (end is AppendEnd.Unknown or AppendEnd.NotPut)
            {
                throw unknown(error);
            }

            if (end == AppendEnd.Ours)
            {
                _head.Apply(entry.Entry, _files.NameOf(entry.Entry.Number));
                return;
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
            await ReadTailAsync(deadline, backoff, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the header of the next entry of the files log says whatever the entry is.</summary>
    private EntryHeader NextHeader(DateTimeOffset time) => new()
    {
        TableId = _tableId,
        Log = LogKind.Files,
        Number = _head.Number + 1,
        Type = TransactionType.AddFiles,
        Time = time,
        Writer = _options.Writer,
        Before = _head.Checksum,
    };

    private CommitOutcomeUnknownException StillUnknown(string ingestId, Exception? error) => new(
        ingestId,
        $"Whether ingest '{ingestId}' is committed could not be found out after {_files.NameOf(_head.Number)}: the log could not be read or written. "
        + "Keep its files and ask again when the store answers.",
        error);
}
