namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>What maintenance asks of the log. What it decides about objects is in OwnTables/Maintenance.</content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>
    /// Makes sure that an attempt cannot commit any more, by an END if the log does not say so yet. With <paramref name="dryRun"/> it only looks.
    /// </summary>
    /// <param name="intent">The attempt.</param>
    /// <param name="dryRun">True to write nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommitOutcomeUnknownException">The log could not be read or written.</exception>
    public async Task<AttemptEnd> EndAttemptAsync(IngestIntent intent, bool dryRun, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            if (_head.TryGetCommit(intent.IngestId, out var row))
            {
                return Of(row);
            }

            if (intent.OpenedAt < _head.LedgerFrom || _head.IsEnded(intent.IngestId, intent.AttemptId, intent.OpenedAt))
            {
                return AttemptEnd.EndedBefore;
            }

            return dryRun ? AttemptEnd.Ended
                : await EndAsync(intent.IngestId, intent.AttemptId, cancellationToken).ConfigureAwait(false) is { } committed ? Of(committed)
                : AttemptEnd.Ended;
        }
        finally
        {
            _gate.Release();
        }

        AttemptEnd Of(LedgerRow row) => row.AttemptId == intent.AttemptId ? AttemptEnd.Committed : AttemptEnd.OtherCommitted;
    }

    /// <summary>The names of all files that the table knows, those without references too: they wait to be collected.</summary>
    public async Task<IReadOnlySet<string>> LoadFileNamesAsync(CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                var (state, _, _) = await LoadFilesAsync(isFirstTry: tries == 1, cancellationToken).ConfigureAwait(false);
                return state.Files.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
            }
            catch (TableDamagedException e) when (e.MayBeStale && tries < MaxOpenTries)
            {
                // Trimmed behind a newer snapshot than the one it began at.
            }
        }
    }

    /// <summary>Where the ledger begins, and the last entry.</summary>
    public async Task<(long LedgerFrom, long Number)> LoadLedgerBoundsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            return (_head.LedgerFrom, _head.Number);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Lets the ledger begin at an entry, but not past the commit of any of the given ids. Returns where it begins then; it never goes back. Nothing is
    /// written if nothing would be forgotten.
    /// </summary>
    public async Task<long> MoveLedgerAsync(long from, IReadOnlyCollection<string> keptIds, bool dryRun, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            long wanted = from;
            await AppendIfWantedAsync(
                () =>
                {
                    wanted = keptIds.Aggregate(wanted, (least, id) => _head.TryGetCommit(id, out var row) ? Math.Min(least, row.Number) : least);
                    return _head.WouldForget(wanted) && !dryRun ? header => header with { LedgerFrom = wanted } : null;
                },
                error => new IngestException(
                    $"Whether the ledger of table {_tableId} begins at entry {wanted} now is not known: after {_files.NameOf(_head.Number)} the log could not be written or "
                    + "read. No id is lost by that; run the maintenance again.", error)
                {
                    IsRetryable = true,
                },
                cancellationToken).ConfigureAwait(false);
            return _head.WouldForget(wanted) ? wanted : _head.LedgerFrom;
        }
        finally
        {
            _gate.Release();
        }
    }
}
