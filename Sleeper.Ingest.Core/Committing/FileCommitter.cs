using System.Collections.Concurrent;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Committing;

/// <summary>Takes the finished files of an attempt to their end: durable, then visible all together; or gone.</summary>
/// <remarks>
/// <para>Order on a local disk: files and folders are synced, then the entry is put, then "committed" is said.</para>
/// <para>What happens to the objects: they stay if they are committed, and if that is not known. They are removed if it is certain that this
/// attempt is not and will not be committed. What cannot be removed is named in the error, and the attempt's intent is kept: it tells a later
/// clean-up whose objects those are.</para>
/// </remarks>
/// <param name="stateStore">Where the files become visible.</param>
/// <param name="objectStore">Where they lie.</param>
/// <param name="cleanUpFailed">Told of what could not be removed after a commit that ended well.</param>
internal sealed class FileCommitter(IStateStore stateStore, IObjectStore objectStore, Action<string, Exception>? cleanUpFailed = null)
{
    /// <summary>Enough deletes under way to hide a bucket's answer time.</summary>
    private const int MaxParallelDeletes = 32;

    /// <summary>Attempts whose entry may be in the log, or get there: their objects are not touched any more, whoever asks.</summary>
    private readonly ConcurrentDictionary<string, bool> _inDoubt = new(StringComparer.Ordinal);

    /// <summary>Commits the files of an attempt.</summary>
    /// <param name="attempt">Null if none was begun, because there were no rows.</param>
    /// <param name="commit">The files, all complete.</param>
    /// <param name="objects">The paths in the object store of everything that the attempt wrote: data files, sketches and the like.</param>
    /// <param name="barrier">Opened before the first of them was written; null if there is none.</param>
    /// <param name="cancellationToken">Before the entry is sent it aborts. Afterwards the call still finds out what became of the entry.</param>
    /// <exception cref="CommitFailedException">It is certain that nothing of it is visible or will be.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It is not known. All objects were kept.</exception>
    /// <exception cref="OperationCanceledException">Cancelled in time: nothing of it is visible or will be.</exception>
    public async Task<CommitOutcome> CommitAsync(
        IngestAttempt? attempt, IngestCommit commit, IReadOnlyCollection<string> objects, IWriteBarrier? barrier, CancellationToken cancellationToken)
    {
        if (commit.Files.Count == 0)
        {
            await DiscardAsync(attempt, objects).ConfigureAwait(false);
            return new CommitOutcome(CommitEnd.NothingToCommit, null);
        }

        ArgumentNullException.ThrowIfNull(attempt);
        RequireNoDoubt(attempt);
        if (attempt.Committed is { } first)
        {
            return await RetreatAsync(attempt, objects, first).ConfigureAwait(false);
        }

        CommitResult result;
        try
        {
            if (barrier is not null)
            {
                await FlushAsync(attempt, objects, barrier, cancellationToken).ConfigureAwait(false);
            }

            result = await stateStore.CommitAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsCertain(e))
        {
            var left = await DiscardAsync(attempt, objects).ConfigureAwait(false);
            if (left.Count == 0)
            {
                throw;
            }

            throw WithRemains(e, attempt, left);
        }
        catch (CommitOutcomeUnknownException e) when (e.IsOfAnotherAttempt)
        {
            await DiscardAsync(attempt, objects).ConfigureAwait(false);
            throw;
        }
        catch (Exception)
        {
            _inDoubt[attempt.AttemptId] = true;
            throw;
        }

        return result.AlreadyCommitted
            ? await RetreatAsync(attempt, objects, result).ConfigureAwait(false)
            : new CommitOutcome(result.IsQueued ? CommitEnd.Queued : CommitEnd.Committed, result);
    }

    /// <summary>
    /// Removes the objects of an attempt that will not commit, then its intent. Returns the paths of what could not be removed; then the intent
    /// stays too. Nothing is removed of an attempt whose commit has no known end. Never throws: it is called while another error is on its way.
    /// </summary>
    public async Task<IReadOnlyList<string>> DiscardAsync(IngestAttempt? attempt, IReadOnlyCollection<string> objects)
    {
        if (attempt is not null && _inDoubt.ContainsKey(attempt.AttemptId))
        {
            return [.. objects];
        }

        var left = new List<string>();
        foreach (string[] some in objects.Chunk(MaxParallelDeletes))
        {
            bool[] removed = await Task.WhenAll(some.Select(TryDeleteAsync)).ConfigureAwait(false);
            left.AddRange(some.Where((_, i) => !removed[i]));
        }

        if (attempt is not null && left.Count == 0)
        {
            try
            {
                await stateStore.AbandonAsync(attempt, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                cleanUpFailed?.Invoke($"The intent of attempt {attempt.AttemptId} of ingest '{attempt.IngestId}' could not be removed. It does no harm.", e);
            }
        }

        return left;
    }

    /// <summary>Errors after which nothing of the attempt is in the log or will be. Any other leaves that open: the objects stay.</summary>
    private static bool IsCertain(Exception e) =>
        e is CommitFailedException or OperationCanceledException or ArgumentException or TableDamagedException or UnsupportedTableException;

    private static async Task FlushAsync(
        IngestAttempt attempt, IReadOnlyCollection<string> objects, IWriteBarrier barrier, CancellationToken cancellationToken)
    {
        try
        {
            await barrier.FlushAsync(objects, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new CommitFailedException(
                $"Ingest '{attempt.IngestId}' is not committed: its {objects.Count} objects could not be made durable. {e.Message} "
                + "Check the disk, then ingest the rows again.", e);
        }
    }

    private static CommitFailedException WithRemains(Exception e, IngestAttempt attempt, IReadOnlyList<string> left) => new(
        $"{e.Message} Of the attempt's objects {left.Count} could not be removed: {string.Join(", ", left.Take(10))}{(left.Count > 10 ? ", ..." : "")}. "
        + $"The intent of attempt {attempt.AttemptId} was kept, so that a clean-up finds them.", e)
    {
        IsRetryable = (e as IngestException)?.IsRetryable ?? false,
        LeftObjects = left,
    };

    private async Task<bool> TryDeleteAsync(string path)
    {
        try
        {
            // Not the caller's token: a cancelled ingest cleans up all the same.
            await objectStore.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
        {
            cleanUpFailed?.Invoke($"'{path}' in '{objectStore.Name}' could not be removed. It belongs to no commit.", e);
            return false;
        }
    }

    private void RequireNoDoubt(IngestAttempt attempt)
    {
        if (_inDoubt.ContainsKey(attempt.AttemptId))
        {
            throw new CommitOutcomeUnknownException(
                attempt.IngestId,
                $"Whether ingest '{attempt.IngestId}' is committed is not known since an earlier try. Resolve it; if it is not committed, ingest the rows again.");
        }
    }

    private async Task<CommitOutcome> RetreatAsync(IngestAttempt attempt, IReadOnlyCollection<string> objects, CommitResult first)
    {
        await DiscardAsync(attempt, objects).ConfigureAwait(false);
        return new CommitOutcome(first.IsQueued ? CommitEnd.Queued : CommitEnd.AlreadyCommitted, first with { AlreadyCommitted = true });
    }
}
