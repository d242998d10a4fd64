namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Putting entries on the end of the files log. A crash of the machine may lose a name that its writer had not yet made durable and keep a later one,
/// so nothing is put on an entry, and no snapshot made of it, before it would survive: else the log would have a hole, or a snapshot would outlive it.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>Puts the entry after the head. Called with the gate held.</summary>
    private async Task<(AppendEnd End, Exception? Error)> AppendNextAsync(LogAppender appender, PreparedEntry entry, CommitDeadline deadline)
    {
        try
        {
            await MakeGroundDurableAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return (AppendEnd.NotPut, e);
        }

        var result = await appender.AppendAsync(entry, deadline).ConfigureAwait(false);
        if (result.End == AppendEnd.Ours)
        {
            _durableNumber = entry.Entry.Number;
        }

        return result;
    }

    /// <summary>Makes what the head stands on survive a crash of the machine: what others put, this store has only seen. Called with the gate held.</summary>
    private async Task MakeGroundDurableAsync(CancellationToken cancellationToken)
    {
        if (_durablePartitionsNumber < _partitionsHead.Number)
        {
            await _partitions.MakeDurableAsync(_partitionsHead.Number, cancellationToken).ConfigureAwait(false);
            _durablePartitionsNumber = _partitionsHead.Number;
        }

        if (_durableNumber < _head.Number)
        {
            await _files.MakeDurableAsync(_head.Number, cancellationToken).ConfigureAwait(false);
            _durableNumber = _head.Number;
        }
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
            var (end, error) = await AppendNextAsync(appender, entry, deadline).ConfigureAwait(false);
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
}
