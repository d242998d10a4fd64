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
    private readonly MaintenanceNotes _notes = new();
    private bool _hasUnreadableIntent;

    public async Task<MaintenanceReport> RunAsync(CancellationToken cancellationToken)
    {
        var now = await FindNowAsync(cancellationToken).ConfigureAwait(false);
        var found = await ListIntentsAsync(cancellationToken).ConfigureAwait(false);
        var (dead, alive) = Divide(found, now);
        if (what.RemoveStrayObjects || (what.EndDeadAttempts && dead.Count > 0))
        {
            var removal = new ObjectRemoval(store, paths, tableId, stateStore, intents, what, _notes);
            await removal.RunAsync(dead, now, cancellationToken).ConfigureAwait(false);
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
        catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
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

            foreach (long number in trimmed.Remains)
            {
                _notes.Done(MaintenanceKind.Snapshot, $"{number}", "It has no head, and two newer snapshots are there: what was left of it was removed.");
            }
        }
        catch (Exception e) when (e is TableDamagedException { MayBeStale: true } || !TransactionLogStateStore.IsFinal(e))
        {
            // A listing may show a snapshot that another maintenance has removed: that is no damage.
            _notes.Left(MaintenanceKind.LogEntries, paths.LogFolder(LogKind.Files), $"The log could not be trimmed to its end. {e.Message}");
        }
    }
}
