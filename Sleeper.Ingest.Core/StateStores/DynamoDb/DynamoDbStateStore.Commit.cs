using System.Collections.Concurrent;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <content>
/// Commits. Whoever puts the number after the last has committed; everybody else waits a little, reads what came before, judges again, and tries the next. A taken
/// number may have been taken by ourselves: the SDK repeats a put whose answer was lost, and the repeat is refused.
/// </content>
internal sealed partial class DynamoDbStateStore
{
    /// <summary>By attempt: commits whose end is not known.</summary>
    private readonly ConcurrentDictionary<string, PendingCommit> _doubts = new(StringComparer.Ordinal);

    public async Task<CommitResult> CommitAsync(IngestAttempt attempt, IngestCommit commit, CancellationToken cancellationToken = default)
    {
        CommitRules.Check(attempt, commit);
        RequireOwnNames(commit);
        try
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                var pending = _doubts.TryGetValue(attempt.AttemptId, out var doubtful)
                    ? doubtful
                    : new PendingCommit(attempt, commit, HashOf(attempt.IngestId), _options.Time.GetUtcNow());
                return await CommitAsync(pending, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (OperationCanceledException e) when (_doubts.ContainsKey(attempt.AttemptId))
        {
            // A cancellation says "nothing happened". After a put whose end is not known, that would be a guess.
            throw StillUnknown(attempt.IngestId, e);
        }
    }

    /// <summary>Takes a commit to its end, and cleans up after one that is certain not to be in the log. Called with the gate held.</summary>
    private async Task<CommitResult> CommitAsync(PendingCommit pending, CancellationToken cancellationToken)
    {
        CommitResult? result = null;
        try
        {
            result = await CommitInOrderAsync(pending, cancellationToken).ConfigureAwait(false);
            pending.DoubtfulNumber = 0;
            return result;
        }
        catch (Exception e) when (pending.IsInDoubt && e is not CommitOutcomeUnknownException)
        {
            throw StillUnknown(pending.Attempt.IngestId, e);
        }
        finally
        {
            if (pending.IsInDoubt)
            {
                _doubts[pending.Attempt.AttemptId] = pending;
            }
            else
            {
                _doubts.TryRemove(pending.Attempt.AttemptId, out _);
                if (result is null or { AlreadyCommitted: true })
                {
                    await RemoveBodyAsync(pending).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<CommitResult> CommitInOrderAsync(PendingCommit pending, CancellationToken cancellationToken)
    {
        using var deadline = new CommitDeadline(_options, cancellationToken);
        var backoff = new JitteredBackoff(_options);
        bool isChecked = !pending.IsInDoubt;
        if (isChecked)
        {
            await ReadBeforeCommitAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await ReadTailAsync(deadline, backoff).ConfigureAwait(false);
        }

        for (int puts = 0; ; puts++)
        {
            // What took the number of the last put, if anything did, is known by now.
            if (await JudgeAsync(pending, cancellationToken).ConfigureAwait(false) is { } committed)
            {
                return committed;
            }

            if (pending.IsInDoubt && _head.Position.Number >= pending.DoubtfulNumber)
            {
                // The number is another's: nothing of this commit is in the log, or will be.
                pending.DoubtfulNumber = 0;
                if (!isChecked)
                {
                    await ReadBeforeCommitAsync(pending, cancellationToken).ConfigureAwait(false);
                    isChecked = true;
                }
            }

            if (!pending.IsInDoubt)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RequireRoom(pending, puts, deadline);
                await StoreBodyAsync(pending, deadline).ConfigureAwait(false);
            }

            var entry = pending.EntryAt(_head.Position.Number + 1);
            if (await PutAsync(pending, entry, deadline, cancellationToken).ConfigureAwait(false))
            {
                _head.Add(entry, pending.IngestHash, pending.Attempt.AttemptId, pending.Commit.RowCount);
                return new CommitResult(entry.Number, pending.Commit.RowCount, pending.Commit.Files);
            }

            if (puts + 1 < _settings.MaxAttempts && !_head.TryGetCommit(pending.IngestHash, out _))
            {
                await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
            }

            await ReadTailAsync(deadline, backoff).ConfigureAwait(false);
        }
    }

    /// <summary>Reads both logs, and checks that every partition is still there, of the region that its rows were sorted into.</summary>
    private async Task ReadBeforeCommitAsync(PendingCommit pending, CancellationToken cancellationToken)
    {
        var attempt = pending.Attempt;
        try
        {
            await (attempt.IsFresh && !_head.IsOpen ? _head.BeginAtEndAsync(cancellationToken) : RefreshHeadAsync(isAnchored: true, cancellationToken)).ConfigureAwait(false);
            await _partitions.UpdateAsync(cancellationToken, isAnchored: true).ConfigureAwait(false);
        }
        catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
        {
            throw new CommitFailedException($"Ingest '{attempt.IngestId}' is not committed: the table could not be read. {e.Message}", e)
            {
                IsRetryable = e is not IngestException { IsRetryable: false },
            };
        }

        bool wentBack = _head.Position.Number < attempt.OpenedAt || _partitions.Position.Number < pending.Commit.PlannedOnPartitions;
        if (wentBack || _partitions.IsEmpty)
        {
            throw new CommitFailedException(
                $"Ingest '{attempt.IngestId}' is not committed: table '{_table.TableName}' ({_table.TableId}) was deleted, cleared or made anew since it was opened. The files log was at entry "
                + $"{attempt.OpenedAt} and is at {_head.Position.Number}; the partitions log was at {pending.Commit.PlannedOnPartitions} and is at {_partitions.Position.Number}"
                + $"{(_partitions.IsEmpty ? ", without partitions" : "")}. Open the table again.");
        }

        var tree = _partitions.Tree();
        CommitRules.CheckPartitions(pending.Commit, tree);
        CheckRegions(pending.Commit, tree);
    }

    /// <summary>A table that was initialised anew may have a partition of the same id (every single root is called "root") and another region.</summary>
    private void CheckRegions(IngestCommit commit, Partitioning.PartitionTree tree)
    {
        var planned = _knownTrees.Find(t => t.LogNumber == commit.PlannedOnPartitions);
        if (planned is null || ReferenceEquals(planned, tree))
        {
            return;
        }

        foreach (var reference in commit.Files.SelectMany(f => f.References))
        {
            if (planned.TryGet(reference.PartitionId, out var before) && tree[reference.PartitionId].Region is var now && !now.Equals(before.Region))
            {
                throw new CommitFailedException(
                    $"The partition '{reference.PartitionId}' had the region {before.Region} when the rows of '{reference.FileName}' were sorted into it, and has {now}: "
                    + "the table's partitions were made anew. Write the rows again with the table's partitions.");
            }
        }
    }

    /// <summary>Null if the attempt may put the next number; its result if its ingest is committed already.</summary>
    private async Task<CommitResult?> JudgeAsync(PendingCommit pending, CancellationToken cancellationToken)
    {
        if (!_head.TryGetCommit(pending.IngestHash, out var known))
        {
            return null;
        }

        var (attempt, commit) = (pending.Attempt, pending.Commit);
        if (known.AttemptId == attempt.AttemptId)
        {
            return new CommitResult(known.Number, commit.RowCount, commit.Files);
        }

        if (pending.IsInDoubt && _head.Position.Number < pending.DoubtfulNumber)
        {
            throw StillUnknown(attempt.IngestId, null);
        }

        pending.DoubtfulNumber = 0;
        if (known.Number > 0 && known.RowCount != commit.RowCount)
        {
            throw new CommitFailedException(
                $"Ingest '{attempt.IngestId}' is committed already, by {_filesLog.NameOf(known.Number)}, with {known.RowCount} rows; this attempt has {commit.RowCount} rows. "
                + "Two different ingests have one id: give this one another.");
        }

        try
        {
            return (await FindKnownAsync(attempt.IngestId, cancellationToken).ConfigureAwait(false))!;
        }
        catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
        {
            throw new CommitFailedException(
                $"Ingest '{attempt.IngestId}' is committed by another attempt, but the result could not be read. {e.Message} Ask for it again.", e)
            {
                IsRetryable = true,
            };
        }
    }

    private void RequireRoom(PendingCommit pending, int puts, CommitDeadline deadline)
    {
        RequireOwnEnd(_head.EndsWithForeignEntry, _filesLog, _head.Position.Number);
        if (puts >= _settings.MaxAttempts || deadline.IsOver)
        {
            throw new CommitFailedException(
                $"Ingest '{pending.Attempt.IngestId}' is not committed: other writers took every number before it could, {puts} times"
                + $"{(deadline.IsOver ? $" within {_options.CommitTimeLimit}" : "")}, the last one {_head.Position.Number}. Let fewer writers commit to this table at once, "
                + "allow more tries, or commit through the table's commit queue.")
            {
                IsRetryable = true,
            };
        }
    }

    /// <summary>Stores a long body, once for all tries: it is there before an entry names it.</summary>
    private async Task StoreBodyAsync(PendingCommit pending, CommitDeadline deadline)
    {
        if (pending.BodyKey is not null || LiveBodies.FitsItem(pending.Json))
        {
            return;
        }

        try
        {
            pending.BodyKey = await _bodies.StoreAsync(pending.Json, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw new CommitFailedException(
                $"Ingest '{pending.Attempt.IngestId}' is not committed: its transaction of {pending.Json.Length} characters could not be stored in '{_table.DataBucket.Name}'. {e.Message}", e)
            {
                IsRetryable = e is not IngestException { IsRetryable: false },
            };
        }

        _head.OwnBody(pending.BodyKey, pending.IngestHash, pending.Attempt.AttemptId, pending.Commit.RowCount);
    }

    /// <summary>
    /// Puts an entry at one number until the number has an owner. A put that failed may have taken effect, or take effect later; so the log is read, and if
    /// nothing is there the same entry is put again.
    /// </summary>
    /// <returns>True if it is put; false if the number is taken, perhaps by this very entry.</returns>
    private async Task<bool> PutAsync(PendingCommit pending, LiveLogEntry entry, CommitDeadline deadline, CancellationToken cancellationToken)
    {
        var backoff = new JitteredBackoff(_options);
        bool wasInDoubt = pending.IsInDoubt;
        Exception? error = null;
        string refusal = "";
        while (true)
        {
            try
            {
                pending.DoubtfulNumber = entry.Number;
                return await _filesLog.PutIfAbsentAsync(entry, deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                error = e is OperationCanceledException && error is not null ? error : e;
                refusal = DynamoDbErrors.IsRefused(e) ? $" It was refused, perhaps after an earlier try that was not: {e.Message}" : refusal;
            }

            try
            {
                await RefreshHeadAsync(isAnchored: false, deadline.Token).ConfigureAwait(false);
                if (_head.Position.Number >= entry.Number)
                {
                    return false;
                }

                if (!wasInDoubt && DynamoDbErrors.IsRefused(error))
                {
                    pending.DoubtfulNumber = 0;
                    cancellationToken.ThrowIfCancellationRequested();
                    throw new CommitFailedException($"Ingest '{pending.Attempt.IngestId}' is not committed: {_filesLog.NameOf(entry.Number)} could not be put. {error.Message}", error);
                }
            }
            catch (Exception e) when (pending.IsInDoubt)
            {
                error = e is OperationCanceledException ? error : e;
            }

            if (deadline.IsOver)
            {
                throw new CommitOutcomeUnknownException(
                    pending.Attempt.IngestId,
                    $"Whether ingest '{pending.Attempt.IngestId}' is committed is not known: {_filesLog.NameOf(entry.Number)} was put, but could not be read back.{refusal} "
                    + "Its files were kept. Resolve the ingest when DynamoDB answers again.",
                    error);
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Reads what others committed, and perhaps what became of our own put, until that succeeds or the time is over.</summary>
    private async Task ReadTailAsync(CommitDeadline deadline, JitteredBackoff backoff)
    {
        while (true)
        {
            try
            {
                await RefreshHeadAsync(isAnchored: false, deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (!deadline.IsOver && (e is OperationCanceledException || !TransactionLogStateStore.IsFinal(e)))
            {
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    private async Task RefreshHeadAsync(bool isAnchored, CancellationToken cancellationToken)
    {
        if (_head.IsOpen)
        {
            try
            {
                await _head.UpdateAsync(isAnchored, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (BrokenLogException)
            {
                // Trimmed beyond what was read, or made anew.
            }
        }

        await _head.LearnHistoryAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveBodyAsync(PendingCommit pending)
    {
        if (pending.BodyKey is { } key)
        {
            pending.BodyKey = null;
            await RemoveBodyAsync(key).ConfigureAwait(false);
        }
    }

    private async Task RemoveBodyAsync(string key)
    {
        try
        {
            // Not the caller's token: a cancelled commit cleans up all the same.
            await _bodies.RemoveAsync(key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _options.CleanUpFailed?.Invoke($"The transaction body '{key}' in '{_table.DataBucket.Name}' could not be removed. No entry names it.", e);
        }
    }

    private void RequireOwnNames(IngestCommit commit)
    {
        foreach (var file in commit.Files)
        {
            if (!file.FileName.StartsWith(_paths.DataPrefix, StringComparison.Ordinal) || !LiveTablePaths.TryParseIngest(file.FileName, out _, out _))
            {
                throw new ArgumentException(
                    $"The name of the file '{file.FileName}' is none of table '{_table.TableName}': '{_paths.DataPrefix}<partition>/<prefix of the attempt>-<number>.parquet' is expected.");
            }
        }
    }
}
