using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>Commits. The idea: whoever puts number N+1 has committed; everybody else reads what came before, judges again, and tries the next.</content>
internal sealed partial class TransactionLogStateStore
{
    public async Task<CommitResult> CommitAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken = default)
    {
        CommitRules.Check(attempt, commit);
        try
        {
            return await CommitCheckedAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (_attemptsInDoubt.ContainsKey(attempt.AttemptId))
        {
            // A cancellation says "nothing happened". After an earlier call whose end is not known, that would be a guess.
            throw StillUnknown(attempt.IngestId, e);
        }
    }

    private async Task<CommitResult> CommitCheckedAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken)
    {
        CommitResult result;
        HeadSnapshot? due;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await OpenForCommitAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
            result = await CommitInOrderAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
            _attemptsInDoubt.TryRemove(attempt.AttemptId, out _);
            due = result.AlreadyCommitted ? null : await TakeDueSnapshotAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }

        if (!result.AlreadyCommitted)
        {
            await DeleteIntentAfterCommitAsync(attempt).ConfigureAwait(false);
        }

        if (due is not null)
        {
            await TryPutSnapshotAsync(due, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <summary>Nothing is read that is known already: an uncontended commit of a store that has begun its attempt is one put.</summary>
    private async Task OpenForCommitAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken)
    {
        try
        {
            if (!_isOpen || _attemptsInDoubt.ContainsKey(attempt.AttemptId))
            {
                await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            }

            bool knowsAll = _partitionsHead.Number > 0 && _partitionsHead.Number >= commit.PlannedOnPartitions
                && commit.Files.All(f => f.References.All(r => CurrentTree().Contains(r.PartitionId)));
            if (!knowsAll)
            {
                await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (!IsFinal(e))
        {
            // An earlier put of this attempt may still be on its way: then a failure to read proves nothing.
            throw _attemptsInDoubt.ContainsKey(attempt.AttemptId)
                ? StillUnknown(attempt.IngestId, e)
                : new CommitFailedException($"Ingest '{attempt.IngestId}' is not committed: the table could not be read. {e.Message}", e) { IsRetryable = true };
        }

        RequirePartitions();
        CommitRules.CheckPartitions(commit, CurrentTree());
    }

    /// <summary>Errors that say themselves what to do, and that another try does not mend.</summary>
    internal static bool IsFinal(Exception e) => e is OperationCanceledException or TableDamagedException or UnsupportedTableException;

    private async Task<CommitResult> CommitInOrderAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken)
    {
        using var deadline = new CommitDeadline(_options, cancellationToken);
        var appender = new LogAppender(_files, _options);
        var backoff = new JitteredBackoff(_options);
        var time = _options.Time.GetUtcNow();
        byte[] body = CommittedFiles.ToTransaction(commit.Files).ToBytes();
        while (true)
        {
            // Up to here every number that was tried has another owner: nothing of this attempt is in the log, or will be.
            if (await JudgeAsync(attempt, commit, cancellationToken).ConfigureAwait(false) is { } committed)
            {
                return committed;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (deadline.IsOver)
            {
                throw TooBusy(attempt.IngestId);
            }

            var entry = _files.Prepare(CommitEntry(attempt, commit, body, time));
            var (end, error) = await AppendNextAsync(appender, entry, deadline).ConfigureAwait(false);
            if (end == AppendEnd.NotPut && !_attemptsInDoubt.ContainsKey(attempt.AttemptId))
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new CommitFailedException(
                    $"Ingest '{attempt.IngestId}' is not committed: {_files.NameOf(entry.Entry.Number)} could not be written. {error!.Message}", error)
                {
                    IsRetryable = error is IngestException { IsRetryable: true } or OperationCanceledException,
                };
            }

            if (end is AppendEnd.Unknown or AppendEnd.NotPut)
            {
                _attemptsInDoubt[attempt.AttemptId] = true;
                throw new CommitOutcomeUnknownException(
                    attempt.IngestId,
                    $"Whether ingest '{attempt.IngestId}' is committed is not known: {_files.NameOf(entry.Entry.Number)} was put, but could not be read back. "
                    + "Its files were kept. Resolve the ingest when the store answers again.",
                    error);
            }

            if (end == AppendEnd.Ours)
            {
                _head.Apply(entry.Entry, _files.NameOf(entry.Entry.Number));
                return new CommitResult(entry.Entry.Number, commit.RowCount, commit.Files);
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
            await ReadTailAsync(deadline, backoff, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Null if the attempt may put the next number; its result if its ingest is committed already.</summary>
    /// <exception cref="CommitFailedException">It may not commit, or another attempt committed other rows under the same id.</exception>
    private async Task<CommitResult?> JudgeAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken)
    {
        if (_head.TryGetCommit(attempt.IngestId, out var row))
        {
            // The digest is of the rows that were taken in. Of the same rows a later attempt may leave fewer, where the table drops old ones.
            bool differs = row.Digest.Length > 0 && commit.Digest.Length > 0 ? row.Digest != commit.Digest : row.RowCount != commit.RowCount;
            if (differs && row.AttemptId != attempt.AttemptId)
            {
                throw new CommitFailedException(
                    $"Ingest '{attempt.IngestId}' is committed already, by {_files.NameOf(row.Number)}, with {row.RowCount} rows and the digest "
                    + $"'{row.Digest}'; this attempt has {commit.RowCount} rows and the digest '{commit.Digest}'. Two different ingests have one id: give this one another.");
            }

            return row.AttemptId == attempt.AttemptId
                ? await ConfirmOwnAsync(attempt, row, commit).ConfigureAwait(false)
                : await FindOthersAsync(attempt, cancellationToken).ConfigureAwait(false);
        }

        if (_head.IsEnded(attempt.IngestId, attempt.AttemptId, attempt.OpenedAt))
        {
            throw new CommitFailedException(
                $"Attempt {attempt.AttemptId} of ingest '{attempt.IngestId}' was ended: somebody was told that it is not committed. Begin a new attempt.");
        }

        return attempt.OpenedAt >= _head.LedgerFrom
            ? null
            : throw new CommitFailedException(
                $"Attempt {attempt.AttemptId} of ingest '{attempt.IngestId}' was begun at entry {attempt.OpenedAt}, but the table has forgotten which ids were "
                + $"committed before entry {_head.LedgerFrom}: whether this one was cannot be told any more. Begin a new attempt.");
    }

    /// <summary>The attempt itself is in the log, by an earlier call whose end was not known. Whatever goes wrong here, its files must stay.</summary>
    private async Task<CommitResult> ConfirmOwnAsync(IngestAttempt attempt, LedgerRow row, IngestCommit commit)
    {
        try
        {
            await _files.MakeDurableAsync(row.Number, CancellationToken.None).ConfigureAwait(false);
            return new CommitResult(row.Number, row.RowCount, commit.Files);
        }
        catch (Exception e)
        {
            throw new CommitOutcomeUnknownException(
                attempt.IngestId,
                $"Ingest '{attempt.IngestId}' is in the log, by {_files.NameOf(row.Number)}, but whether it would survive a crash is not known. Try again.",
                e);
        }
    }

    private async Task<CommitResult> FindOthersAsync(IngestAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return (await FindKnownCommitAsync(attempt.IngestId, cancellationToken).ConfigureAwait(false))!;
        }
        catch (Exception e) when (!IsFinal(e))
        {
            throw new CommitFailedException(
                $"Ingest '{attempt.IngestId}' is committed by another attempt, but the result could not be read. {e.Message} Ask for it again.", e)
            {
                IsRetryable = true,
            };
        }
    }

    private LogEntry CommitEntry(IngestAttempt attempt, IngestCommit commit, byte[] body, DateTimeOffset time)
    {
        var header = NextHeader(time) with
        {
            IngestId = attempt.IngestId,
            AttemptId = attempt.AttemptId,
            OpenedAt = attempt.OpenedAt,
            PartitionsNumber = Math.Max(commit.PlannedOnPartitions, _partitionsHead.Number),
            RowCount = commit.RowCount,
            FileCount = commit.Files.Count,
            Digest = commit.Digest,
        };
        return new LogEntry(header, body, [.. commit.Files.Select(f => f.LengthBytes)]);
    }

    /// <summary>Reads what others committed. Nothing of ours is on its way, so an error here is tried again until the time is over, and then is a failure.</summary>
    private async Task ReadTailAsync(CommitDeadline deadline, JitteredBackoff backoff, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await BringHeadUpToDateAsync(deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is OperationCanceledException || !IsFinal(e))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (deadline.IsOver)
                {
                    throw new CommitFailedException(
                        $"The commit was not made: its number was taken, and the entries after {_files.NameOf(_head.Number)} could not be read within "
                        + $"{_options.CommitTimeLimit}.", e)
                    {
                        IsRetryable = true,
                    };
                }
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    private CommitFailedException TooBusy(string ingestId) => new(
        $"Ingest '{ingestId}' is not committed: for {_options.CommitTimeLimit} other writers took every number before it could, the last one {_head.Number}. "
        + "Let fewer writers commit to this table, or allow more time.")
    {
        IsRetryable = true,
    };

    private async Task DeleteIntentAfterCommitAsync(IngestAttempt attempt)
    {
        try
        {
            // Not the caller's token: the commit is made, and a cancellation cannot undo it.
            await _intents.DeleteAsync(attempt.IngestId, attempt.AttemptId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _options.CleanUpFailed?.Invoke(
                $"Ingest '{attempt.IngestId}' is committed, but the intent of its attempt {attempt.AttemptId} could not be removed. It does no harm.", e);
        }
    }
}
