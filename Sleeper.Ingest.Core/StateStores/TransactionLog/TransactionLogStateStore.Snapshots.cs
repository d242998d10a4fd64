using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Snapshots. The owner of an entry whose number is a multiple of the interval puts the snapshot of it: so writers agree on who does it without a word.
/// A snapshot that does not come about costs nothing but time when the table is opened: no error of it reaches the commit that it follows.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>Puts a snapshot if one is due, though no commit may come by. Returns its number; 0 if none was.</summary>
    public async Task<long> PutDueSnapshotAsync(bool dryRun, CancellationToken cancellationToken)
    {
        HeadSnapshot head;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHeadUpToDateAsync(cancellationToken).ConfigureAwait(false);
            var numbers = await _snapshots.ListAsync(_snapshotNumber, cancellationToken).ConfigureAwait(false);
            _snapshotNumber = numbers.Count > 0 ? numbers[^1] : _snapshotNumber;
            if (_head.Number - _snapshotNumber < _options.SnapshotInterval)
            {
                return 0;
            }

            await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            if (!dryRun)
            {
                await MakeGroundDurableAsync(cancellationToken).ConfigureAwait(false);
            }

            head = HeadSnapshot.Take(_tableId, _head, _partitionsHead);
        }
        finally
        {
            _gate.Release();
        }

        return dryRun || await PutSnapshotAsync(head, cancellationToken).ConfigureAwait(false) ? head.Number : 0;
    }

    /// <summary>Trims the files log behind its newest snapshot but one.</summary>
    public Task<TrimResult> TrimAsync(bool dryRun, CancellationToken cancellationToken) =>
        new LogTrimmer(_tableId, _schema, _files, _partitions, _snapshots).RunAsync(dryRun, cancellationToken);

    /// <summary>The head as it is, if a snapshot of it is due. Called with the gate held, after an entry of this store's own.</summary>
    private async Task<HeadSnapshot?> TakeDueSnapshotAsync(CancellationToken cancellationToken)
    {
        long number = _head.Number;
        bool isOurTurn = number % _options.SnapshotInterval == 0;
        bool isMissing = number - Math.Max(_snapshotNumber, _lastDue) >= 2L * _options.SnapshotInterval;
        if (!isOurTurn && !isMissing)
        {
            return null;
        }

        try
        {
            if (!isOurTurn)
            {
                // Others may have put snapshots meanwhile, each at a number of its own.
                var others = await _snapshots.ListAsync(_snapshotNumber, cancellationToken).ConfigureAwait(false);
                _snapshotNumber = others.Count == 0 ? _snapshotNumber : others[^1];
                if (number - _snapshotNumber < 2L * _options.SnapshotInterval)
                {
                    return null;
                }
            }

            if (_partitionsHead.Number < _head.PlannedOn)
            {
                await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            }

            await MakeGroundDurableAsync(cancellationToken).ConfigureAwait(false);
            _lastDue = number;
            return HeadSnapshot.Take(_tableId, _head, _partitionsHead);
        }
        catch (Exception e)
        {
            SnapshotFailed(number, e);
            return null;
        }
    }

    private async Task TryPutSnapshotAsync(HeadSnapshot head, CancellationToken cancellationToken)
    {
        try
        {
            await PutSnapshotAsync(head, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            SnapshotFailed(head.Number, e);
        }
    }

    /// <summary>
    /// Puts files and head of a snapshot. Of several who do it at once, one is first; their bytes are the same. False if files are there that a crash of the
    /// machine left torn: no head names them, and they are not replaced, for another writer may have looked at them. The next number gets a snapshot.
    /// </summary>
    private async Task<bool> PutSnapshotAsync(HeadSnapshot head, CancellationToken cancellationToken)
    {
        var earlier = await _snapshots.ListAsync(0, cancellationToken).ConfigureAwait(false);
        long from = earlier.LastOrDefault(n => n < head.Number);
        if (earlier.Contains(head.Number))
        {
            return true;
        }

        var builder = new FilesSnapshotBuilder(_tableId, _schema, _files, _snapshots);
        bool isOurs = await _snapshots.PutFilesAsync(
            head.Number, sink => builder.WriteAsync(from, head.Number, head.Checksum, sink, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (!isOurs && !await IsSealedAsync(head.Number, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        byte[] bytes = await head.ToBytesAsync(cancellationToken).ConfigureAwait(false);
        await _snapshots.PutIfAbsentAsync(head.Number, SnapshotPart.Head, bytes, cancellationToken).ConfigureAwait(false);
        await _snapshots.PutHintAsync(bytes, cancellationToken).ConfigureAwait(false);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        _snapshotNumber = Math.Max(_snapshotNumber, head.Number);
        _gate.Release();
        return true;
    }

    private async Task<bool> IsSealedAsync(long number, CancellationToken cancellationToken)
    {
        try
        {
            var reader = await FilesSnapshotReader.OpenListedAsync(_snapshots, number, _tableId, cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is not null)
                {
                }
            }

            return true;
        }
        catch (TableDamagedException)
        {
            return false;
        }
    }

    private void SnapshotFailed(long number, Exception error) => _options.CleanUpFailed?.Invoke(
        $"The snapshot of {_files.NameOf(number)} was not made. A later one will be; until then the table takes longer to open.", error);
}
