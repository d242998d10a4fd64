using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;

/// <summary>One maintenance of an own table. FORMAT.md beside the log has the rules; each step here is one of its points.</summary>
/// <remarks>
/// Nothing is deleted before the log says for ever that nobody will need it: the END comes before the objects, the objects before the intent that names
/// them. So it may be stopped anywhere and begun again, and several may run at once. Nothing that the table's state names is ever deleted.
/// </remarks>
internal sealed class TableMaintenance(
    IObjectStore store, TablePaths paths, string tableId, TransactionLogStateStore stateStore, IIngestIntents intents, StateStoreOptions options,
    MaintenanceOptions what)
{
    private const int MaxParallelDeletes = 32;
    private readonly MaintenanceNotes _notes = new();
    private bool _hasUnreadableIntent;

    public async Task<MaintenanceReport> RunAsync(CancellationToken cancellationToken)
    {
        var now = await FindNowAsync(cancellationToken).ConfigureAwait(false);
        var found = await ListIntentsAsync(cancellationToken).ConfigureAwait(false);
        var (dead, alive) = Divide(found, now);
        if (what.RemoveStrayObjects || (what.EndDeadAttempts && dead.Count > 0))
        {
            await RemoveObjectsAsync(dead, now, cancellationToken).ConfigureAwait(false);
        }

        if (what.RemoveStrayObjects)
        {
            await RemoveUnfinishedAsync(now, cancellationToken).ConfigureAwait(false);
        }

        await MoveLedgerAsync(now, [.. dead.Concat(alive).Select(i => i.Intent!.IngestId)], cancellationToken).ConfigureAwait(false);
        if (what.TrimLog)
        {
            await TrimAsync(cancellationToken).ConfigureAwait(false);
        }

        return _notes.ToReport(what.DryRun, now);
    }

    /// <summary>The store's time, taken from an object that is written for it; clocks of several machines need not agree then.</summary>
    private async Task<DateTimeOffset> FindNowAsync(CancellationToken cancellationToken)
    {
        var clock = options.Time.GetUtcNow();
        if (what.DryRun)
        {
            return clock;
        }

        byte[] note = Encoding.UTF8.GetBytes(
            $$"""{"format":1,"table":"{{tableId}}","writer":"{{JsonEncodedText.Encode(options.Writer)}}","time":{{clock.ToUnixTimeMilliseconds()}}}""");
        await store.PutAsync(paths.Maintenance, note, cancellationToken).ConfigureAwait(false);
        var info = await store.HeadAsync(paths.Maintenance, cancellationToken).ConfigureAwait(false)
            ?? throw new IngestException($"'{paths.Maintenance}' was written to '{store.Name}', but is not there. Nothing was done; run the maintenance again.")
            {
                IsRetryable = true,
            };
        return info.LastModified;
    }

    private async Task<List<FoundIntent>> ListIntentsAsync(CancellationToken cancellationToken)
    {
        var found = new List<FoundIntent>();
        await foreach (var intent in intents.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (intent.Intent is null)
            {
                _hasUnreadableIntent = true;
                _notes.Left(MaintenanceKind.Attempt, intent.Path, $"This intent was left: {intent.Problem}.");
            }
            else
            {
                found.Add(intent);
            }
        }

        return found;
    }

    private (List<FoundIntent> Dead, List<FoundIntent> Alive) Divide(List<FoundIntent> found, DateTimeOffset now)
    {
        var dead = new List<FoundIntent>();
        var alive = new List<FoundIntent>();
        foreach (var intent in found)
        {
            var silence = now - intent.LastModified;
            if (silence >= what.Grace && what.EndDeadAttempts)
            {
                dead.Add(intent);
                continue;
            }

            alive.Add(intent);
            _notes.Left(
                MaintenanceKind.Attempt,
                intent.Path,
                what.EndDeadAttempts
                    ? $"The attempt was heard of {silence.TotalSeconds:F0} s ago; it is taken for dead after {what.Grace.TotalSeconds:F0} s."
                    : "Dead attempts are not ended by this maintenance.");
        }

        return (dead, alive);
    }

    /// <summary>
    /// Ends dead attempts, then removes their objects and stray ones. Order of the looks: the listing of the data, the intents by name, the table's state.
    /// </summary>
    private async Task RemoveObjectsAsync(List<FoundIntent> dead, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ends = new List<(FoundIntent Found, AttemptEnd End)>();
        foreach (var found in dead)
        {
            if (await TryEndAsync(found, cancellationToken).ConfigureAwait(false) is { } end)
            {
                ends.Add((found, end));
            }
        }

        // After the ENDs: what these attempts wrote until then is in the listing.
        var objects = await DataObjects.ListAsync(store, paths, cancellationToken).ConfigureAwait(false);
        foreach (string path in objects.Foreign)
        {
            _notes.Left(MaintenanceKind.DataObject, path, "No ingest gives objects such a name, so nobody can say whose it is.");
        }

        var strays = await FindStraysAsync(objects, dead, now, cancellationToken).ConfigureAwait(false);
        if (ends.Count == 0 && strays.Count == 0)
        {
            return;
        }

        var known = await stateStore.LoadFileNamesAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (found, end) in ends)
        {
            await RemoveAttemptAsync(found, end, objects, known, cancellationToken).ConfigureAwait(false);
        }

        await DeleteAsync(
            [.. strays.Where(o => !known.Contains(o.DataFile)).Select(o => o.Path)],
            MaintenanceKind.DataObject,
            "No file of the table has this name, and the attempt that wrote it has ended.",
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<AttemptEnd?> TryEndAsync(FoundIntent found, CancellationToken cancellationToken)
    {
        try
        {
            return await stateStore.EndAttemptAsync(found.Intent!, what.DryRun, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or TableDamagedException or UnsupportedTableException))
        {
            _notes.Left(MaintenanceKind.Attempt, found.Path, $"Whether the attempt can still commit could not be settled. {e.Message}");
            return null;
        }
    }

    private async Task RemoveAttemptAsync(
        FoundIntent found, AttemptEnd end, DataObjects objects, IReadOnlySet<string> known, CancellationToken cancellationToken)
    {
        var intent = found.Intent!;
        if (end != AttemptEnd.Committed)
        {
            string[] doomed =
            [
                .. objects.Of(TablePaths.IngestHash(tableId, intent.IngestId), intent.AttemptId).Where(o => !known.Contains(o.DataFile)).Select(o => o.Path),
            ];
            if (!await DeleteAsync(doomed, MaintenanceKind.DataObject, Because(end), cancellationToken).ConfigureAwait(false))
            {
                _notes.Left(MaintenanceKind.Attempt, found.Path, "Not all objects of the attempt could be removed; its intent tells the next maintenance of them.");
                return;
            }
        }

        await DeleteAsync([found.Path], MaintenanceKind.Attempt, Because(end), cancellationToken).ConfigureAwait(false);
    }

    private static string Because(AttemptEnd end) => end switch
    {
        AttemptEnd.Committed => "The attempt is committed; its objects are the table's.",
        AttemptEnd.OtherCommitted => "Another attempt of the same ingest is committed.",
        AttemptEnd.EndedBefore => "The attempt had been ended.",
        _ => "The attempt was not heard of for the grace time, and was ended.",
    };

    /// <summary>Old objects of attempts that have no intent any more.</summary>
    private async Task<List<DataObject>> FindStraysAsync(
        DataObjects objects, List<FoundIntent> dead, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var strays = new List<DataObject>();
        if (!what.RemoveStrayObjects)
        {
            return strays;
        }

        // A first look at the state spares a look for the intent of every attempt that ever committed.
        var known = await stateStore.LoadFileNamesAsync(cancellationToken).ConfigureAwait(false);
        var deadAttempts = dead.Select(d => d.Intent!.AttemptId).ToHashSet(StringComparer.Ordinal);
        foreach (var ((hash, attempt), ofAttempt) in objects.ByAttempt)
        {
            var unknown = ofAttempt.Where(o => !known.Contains(o.DataFile)).ToList();
            if (unknown.Count == 0 || deadAttempts.Contains(attempt))
            {
                continue;
            }

            if (await intents.ExistsAsync(hash, attempt, cancellationToken).ConfigureAwait(false))
            {
                LeaveAll(unknown, "The attempt that wrote it has an intent still.");
                continue;
            }

            strays.AddRange(unknown.Where(o => now - o.LastModified >= what.Grace));
            LeaveAll(unknown.Where(o => now - o.LastModified < what.Grace), $"It was written less than {what.Grace.TotalSeconds:F0} s ago.");
        }

        return strays;
    }

    private void LeaveAll(IEnumerable<DataObject> objects, string reason)
    {
        foreach (var left in objects)
        {
            _notes.Left(MaintenanceKind.DataObject, left.Path, reason);
        }
    }

    private async Task RemoveUnfinishedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (store is not IUnfinishedObjects unfinished)
        {
            return;
        }

        var old = new List<UnfinishedObject>();
        await foreach (var found in unfinished.ListUnfinishedAsync(paths.Everything, cancellationToken).ConfigureAwait(false))
        {
            if (now - found.LastModified >= what.Grace)
            {
                old.Add(found);
            }
            else
            {
                _notes.Left(MaintenanceKind.UnfinishedObject, found.Name, $"It was written to less than {what.Grace.TotalSeconds:F0} s ago.");
            }
        }

        foreach (var found in old)
        {
            try
            {
                if (!what.DryRun)
                {
                    await unfinished.RemoveUnfinishedAsync(found, cancellationToken).ConfigureAwait(false);
                }

                _notes.Done(MaintenanceKind.UnfinishedObject, found.Name, "Nothing was written to it for the grace time.");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _notes.Left(MaintenanceKind.UnfinishedObject, found.Name, $"It could not be removed. {e.Message}");
            }
        }
    }

    private async Task MoveLedgerAsync(DateTimeOffset now, IReadOnlyCollection<string> keptIds, CancellationToken cancellationToken)
    {
        var (from, last) = await stateStore.LoadLedgerBoundsAsync(cancellationToken).ConfigureAwait(false);
        long old = 0;
        string? startAfter = from > 1 ? paths.LogEntry(LogKind.Files, from - 1) : null;
        await foreach (var found in store.ListAsync(paths.LogFolder(LogKind.Files), startAfter, cancellationToken).ConfigureAwait(false))
        {
            // Numbers are given in order: if the store has had this one for long, it has had those before it for longer, though trimming wrote them anew.
            if (paths.TryParseLogEntry(LogKind.Files, found.Path, out long number) && number <= last && now - found.LastModified >= what.KeepLedger)
            {
                old = Math.Max(old, number);
            }
        }

        if (old + 1 <= from || old == 0)
        {
            return;
        }

        if (_hasUnreadableIntent)
        {
            _notes.Left(MaintenanceKind.Ledger, $"{old + 1}", "An intent cannot be read, so nobody can say which id must not be forgotten.");
            return;
        }

        try
        {
            long moved = await stateStore.MoveLedgerAsync(old + 1, keptIds, what.DryRun, cancellationToken).ConfigureAwait(false);
            if (moved > from)
            {
                _notes.Done(MaintenanceKind.Ledger, $"{moved}", $"Ids that were committed before entry {moved} are forgotten: the store has had it for {what.KeepLedger.TotalDays:F1} days.");
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or TableDamagedException or UnsupportedTableException))
        {
            _notes.Left(MaintenanceKind.Ledger, $"{old + 1}", $"The ledger could not be moved. {e.Message}");
        }
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        try
        {
            long made = await stateStore.PutDueSnapshotAsync(what.DryRun, cancellationToken).ConfigureAwait(false);
            if (made > 0)
            {
                _notes.Done(MaintenanceKind.Snapshot, $"{made}", "A snapshot was due.");
            }

            var trimmed = await stateStore.TrimAsync(what.DryRun, cancellationToken).ConfigureAwait(false);
            if (trimmed.Entries.Count > 0)
            {
                _notes.Done(
                    MaintenanceKind.LogEntries,
                    $"{trimmed.Entries[0]}-{trimmed.Entries[^1]}",
                    $"The bodies of {trimmed.Entries.Count} entries went: snapshot {trimmed.Boundary} was computed again and found equal.");
            }

            foreach (long number in trimmed.Snapshots)
            {
                _notes.Done(MaintenanceKind.Snapshot, $"{number}", "Two newer snapshots are there; it was removed.");
            }
        }
        catch (Exception e) when (e is TableDamagedException { MayBeStale: true } or not (OperationCanceledException or TableDamagedException or UnsupportedTableException))
        {
            // A listing may show a snapshot that another maintenance has removed: that is no damage.
            _notes.Left(MaintenanceKind.LogEntries, paths.LogFolder(LogKind.Files), $"The log could not be trimmed to its end. {e.Message}");
        }
    }

    /// <summary>Deletes objects, a bounded number at once. True if all are gone.</summary>
    private async Task<bool> DeleteAsync(string[] doomed, MaintenanceKind kind, string reason, CancellationToken cancellationToken)
    {
        bool all = true;
        foreach (string[] some in doomed.Chunk(MaxParallelDeletes))
        {
            bool[] gone = await Task.WhenAll(some.Select(path => DeleteOneAsync(path, kind, reason, cancellationToken))).ConfigureAwait(false);
            all &= Array.TrueForAll(gone, g => g);
        }

        return all;
    }

    private async Task<bool> DeleteOneAsync(string path, MaintenanceKind kind, string reason, CancellationToken cancellationToken)
    {
        try
        {
            if (!what.DryRun)
            {
                await store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
            }

            _notes.Done(kind, path, reason);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _notes.Left(kind, path, $"It could not be removed. {e.Message}");
            return false;
        }
    }
}
