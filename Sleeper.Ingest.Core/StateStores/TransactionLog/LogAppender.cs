using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Puts one entry at one number until it is known whose the number is.</summary>
/// <remarks>
/// A put that failed may have taken effect, or take effect later. So the number is read back. If an entry is there, it tells whose the number is.
/// If none is there, the same bytes are put at the same number again: whichever of the puts lands first, it is ours, and the others are refused.
/// That goes on until the time is over; only then the end is unknown. Nothing is ever put at another number before this one has an owner.
/// Two errors end it at once: a store that knows that the first put had no effect (a full disk), and one whose failed sync leaves nothing to try.
/// </remarks>
internal sealed class LogAppender(ITransactionLog log, StateStoreOptions options)
{
    /// <param name="entry">What to put.</param>
    /// <param name="deadline">When to stop.</param>
    /// <returns>The end, and the last error if it is unknown.</returns>
    public async Task<(AppendEnd End, Exception? Error)> AppendAsync(PreparedEntry entry, CommitDeadline deadline)
    {
        var backoff = new JitteredBackoff(options);
        Exception? error = null;
        bool mayBeThere = false;
        while (true)
        {
            try
            {
                if (await log.AppendIfAbsentAsync(entry, deadline.Token).ConfigureAwait(false))
                {
                    return (AppendEnd.Ours, null);
                }
            }
            catch (Exception e)
            {
                error = Cause(error, e);
                mayBeThere |= e is not ObjectStoreException { HadNoEffect: true };
                if (!mayBeThere)
                {
                    return (AppendEnd.NotPut, error);
                }
            }

            try
            {
                if (await ReadBackAsync(entry, deadline).ConfigureAwait(false) is { } end)
                {
                    return (end, null);
                }
            }
            catch (Exception e)
            {
                error = Cause(error, e);
            }

            if (deadline.IsOver || FailedSyncException.IsCauseOf(error))
            {
                return (AppendEnd.Unknown, error);
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    /// <summary>When the time is over the last call is cancelled; what went wrong is the error before that.</summary>
    private static Exception Cause(Exception? before, Exception now) => now is OperationCanceledException && before is not null ? before : now;

    private async Task<AppendEnd?> ReadBackAsync(PreparedEntry entry, CommitDeadline deadline)
    {
        var found = await log.ReadAsync(entry.Entry.Number, deadline.Token).ConfigureAwait(false);
        if (found is null)
        {
            return null;
        }

        if (found.Checksum != entry.Entry.Checksum)
        {
            return AppendEnd.Others;
        }

        // It was found, not answered: whether it would survive a crash is not known yet.
        await log.MakeDurableAsync(entry.Entry.Number, deadline.Token).ConfigureAwait(false);
        return AppendEnd.Ours;
    }
}
