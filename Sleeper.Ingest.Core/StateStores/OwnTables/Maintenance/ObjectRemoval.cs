using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.OwnTables.Maintenance;

/// <summary>The part of a maintenance that deletes data: of attempts that are dead, and what nobody owns.</summary>
internal sealed class ObjectRemoval(
    IObjectStore store, TablePaths paths, string tableId, TransactionLogStateStore stateStore, IIngestIntents intents, MaintenanceOptions what,
    MaintenanceNotes notes)
{
    private const int MaxParallelDeletes = 32;

    /// <summary>
    /// Ends dead attempts, then removes their objects and stray ones. Order of the looks: the listing of the data, the intents by name, the table's state.
    /// </summary>
    public async Task RunAsync(List<FoundIntent> dead, DateTimeOffset now, CancellationToken cancellationToken)
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
            notes.Left(MaintenanceKind.DataObject, path, "No ingest gives objects such a name, so nobody can say whose it is.");
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
        catch (Exception e) when (!TransactionLogStateStore.IsFinal(e))
        {
            notes.Left(MaintenanceKind.Attempt, found.Path, $"Whether the attempt can still commit could not be settled. {e.Message}");
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
                notes.Left(MaintenanceKind.Attempt, found.Path, "Not all objects of the attempt could be removed; its intent tells the next maintenance of them.");
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
            notes.Left(MaintenanceKind.DataObject, left.Path, reason);
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

            notes.Done(kind, path, reason);
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            notes.Left(kind, path, $"It could not be removed. {e.Message}");
            return false;
        }
    }
}
