using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Opening: the newest snapshot, then what came after it. With a fresh hint that is four requests: the hint, which holds the snapshot's head, one
/// listing that shows whether entries are missing, and one look beyond the end of either log. Everything here is called with the gate held.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>So often opening begins again if the log is trimmed under its feet.</summary>
    private const int MaxOpenTries = 5;

    /// <summary>True if the last entries that were read are still there as they were: nothing is put on a log that was exchanged for another.</summary>
    public async Task<bool> IsOnItsLogsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return !_isOpen
                || (await HasEntryAsync(_files, _head.Number, _head.Checksum, cancellationToken).ConfigureAwait(false)
                    && await HasEntryAsync(_partitions, _partitionsHead.Number, _partitionsHead.Checksum, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads what others have added to the files log.</summary>
    private async Task BringHeadUpToDateAsync(CancellationToken cancellationToken)
    {
        if (!await OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await ReadFilesTailAsync(_head, 0, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads what others have added to the partitions log.</summary>
    private async Task BringPartitionsUpToDateAsync(CancellationToken cancellationToken)
    {
        if (!await OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await ReadPartitionsTailAsync(_partitionsHead, 0, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The first time reads all that is there. False if that was done before: then there may be more by now.</summary>
    private async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        for (int tries = 1; !_isOpen; tries++)
        {
            try
            {
                await OpenOnceAsync(trustsHint: tries == 1, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (TableDamagedException e) when (e.MayBeStale && tries < MaxOpenTries)
            {
                // A newer snapshot is there, or the log is damaged: the next look tells.
            }
        }

        return false;
    }

    private async Task OpenOnceAsync(bool trustsHint, CancellationToken cancellationToken)
    {
        var hinted = trustsHint ? await _snapshots.ReadHintAsync(cancellationToken).ConfigureAwait(false) : null;
        var snapshot = hinted ?? await ReadNewestSnapshotAsync(0, cancellationToken).ConfigureAwait(false);

        // The snapshot's own entry is looked for too: a log that ends before it has lost entries.
        long listed = await _files.LastListedAsync(snapshot?.Number ?? 1, cancellationToken).ConfigureAwait(false);
        if (hinted is not null && listed - hinted.Number >= 2 * _options.SnapshotInterval)
        {
            snapshot = await ReadNewestSnapshotAsync(hinted.Number, cancellationToken).ConfigureAwait(false) ?? hinted;
        }

        var head = snapshot is null ? new CommitHead() : CommitHead.From(snapshot);
        if (listed < head.Number && await _files.ReadAsync(head.Number, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new TableDamagedException(_files.NameOf(head.Number), "There is no such entry, but a snapshot of it: the log has lost its end.");
        }

        await ReadFilesTailAsync(head, listed, cancellationToken).ConfigureAwait(false);
        var partitions = snapshot is null ? new PartitionsHead(_schema) : PartitionsHead.From(snapshot, _schema);
        long listedPartitions = snapshot is null ? await _partitions.LastListedAsync(1, cancellationToken).ConfigureAwait(false) : 0;
        await ReadPartitionsTailAsync(partitions, listedPartitions, cancellationToken).ConfigureAwait(false);
        (_head, _partitionsHead, _snapshotNumber) = (head, partitions, snapshot?.Number ?? 0);
        _isOpen = partitions.Number > 0 || head.Number > 0;
    }

    private static async Task<bool> HasEntryAsync(ITransactionLog log, long number, string checksum, CancellationToken cancellationToken) =>
        number == 0 || (await log.ReadAsync(number, cancellationToken).ConfigureAwait(false) is { } entry && entry.Checksum == checksum);

    private async Task<HeadSnapshot?> ReadNewestSnapshotAsync(long after, CancellationToken cancellationToken)
    {
        var numbers = await _snapshots.ListAsync(after, cancellationToken).ConfigureAwait(false);
        return numbers.Count == 0 ? null : await _snapshots.ReadListedHeadAsync(numbers[^1], cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadFilesTailAsync(CommitHead head, long listed, CancellationToken cancellationToken)
    {
        await foreach (var entry in _files.ReadFromAsync(head.Number + 1, listed, cancellationToken).ConfigureAwait(false))
        {
            head.Apply(entry, _files.NameOf(entry.Number));
        }
    }

    private async Task ReadPartitionsTailAsync(PartitionsHead head, long listed, CancellationToken cancellationToken)
    {
        await foreach (var entry in _partitions.ReadFromAsync(head.Number + 1, listed, cancellationToken).ConfigureAwait(false))
        {
            head.Apply(entry, _partitions.NameOf(entry.Number));
        }
    }
}
