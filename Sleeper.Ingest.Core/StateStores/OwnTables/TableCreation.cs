using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>Puts <c>table.properties</c>, which decides whose table id and schema a new table has.</summary>
/// <remarks>
/// It is put twice, and the second put must be refused: a store that takes it ignores the condition, and there two writers could both win one
/// number of a log. A table that was half dropped may have left logs behind; nothing is built on those.
/// </remarks>
internal static class TableCreation
{
    public static async Task<TableProperties> PutPropertiesAsync(
        IObjectStore store, TablePaths paths, Schema schema, StateStoreOptions options, IReadOnlyDictionary<string, string>? others,
        CancellationToken cancellationToken)
    {
        string objectName = $"'{paths.Properties}' in '{store.Name}'";
        var existing = await SmallObjects.ReadAsync(store, paths.Properties, cancellationToken).ConfigureAwait(false);
        if (existing is not null)
        {
            return TableProperties.Read(existing.Value, objectName);
        }

        var ours = new TableProperties(NewTableId(options.Random), paths.TableName, schema, others ?? new Dictionary<string, string>());
        byte[] bytes = ours.ToBytes();
        bool won = await PutFirstAsync(store, paths, bytes, cancellationToken).ConfigureAwait(false);
        if (won)
        {
            await RequireRefusalAsync(store, paths, bytes, cancellationToken).ConfigureAwait(false);
            await RequireNoRemainsAsync(store, paths, ours.TableId, cancellationToken).ConfigureAwait(false);
            return ours;
        }

        var winners = await SmallObjects.ReadAsync(store, paths.Properties, cancellationToken).ConfigureAwait(false)
            ?? throw new UnsupportedTableException(
                $"{objectName} was refused because it exists, but it cannot be read. The table may just have been dropped, or the store is not consistent.");
        return TableProperties.Read(winners, objectName);
    }

    /// <summary>True if our bytes are there, also if the answer to the put was lost.</summary>
    private static async Task<bool> PutFirstAsync(IObjectStore store, TablePaths paths, byte[] bytes, CancellationToken cancellationToken)
    {
        Exception error;
        try
        {
            if (await store.PutIfAbsentAsync(paths.Properties, bytes, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            error = new IngestException($"'{paths.Properties}' in '{store.Name}' was refused, but is not there.") { IsRetryable = true };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            error = e;
        }

        // The table id in it is random: equal bytes are ours.
        var found = await SmallObjects.ReadAsync(store, paths.Properties, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            throw new IngestException(
                $"The table '{paths.TableName}' could not be made: '{paths.Properties}' was not written to '{store.Name}'. {error.Message} Try again.", error)
            {
                IsRetryable = true,
            };
        }

        return found.Value.Span.SequenceEqual(bytes);
    }

    private static async Task RequireRefusalAsync(IObjectStore store, TablePaths paths, byte[] bytes, CancellationToken cancellationToken)
    {
        if (await store.PutIfAbsentAsync(paths.Properties, bytes, cancellationToken).ConfigureAwait(false))
        {
            await store.DeleteAsync(paths.Properties, cancellationToken).ConfigureAwait(false);
            throw new UnsupportedTableException(
                $"The store '{store.Name}' overwrote '{paths.Properties}' although it was told to write it only if absent. Two writers would lose each other's "
                + "commits there. Use a store that supports conditional writes.");
        }
    }

    private static async Task RequireNoRemainsAsync(IObjectStore store, TablePaths paths, string tableId, CancellationToken cancellationToken)
    {
        foreach (var log in (LogKind[])[LogKind.Partitions, LogKind.Files])
        {
            await foreach (var found in store.ListAsync(paths.LogFolder(log), null, cancellationToken).ConfigureAwait(false))
            {
                if (!paths.TryParseLogEntry(log, found.Path, out long number))
                {
                    continue;
                }

                // Another writer that took our properties may have been faster with the partitions: that entry is of this table.
                var bytes = await SmallObjects.ReadAsync(store, found.Path, cancellationToken).ConfigureAwait(false);
                if (bytes is null || EntryFormat.Read(bytes.Value, $"'{found.Path}' in '{store.Name}'").Header.TableId == tableId)
                {
                    break;
                }

                await store.DeleteAsync(paths.Properties, cancellationToken).ConfigureAwait(false);
                throw new IngestException(
                    $"The table '{paths.TableName}' cannot be made in '{store.Name}': entry {number} of the {log.Name()} log of another table lies there, left over "
                    + "from a table that was not dropped to its end. Drop the table again, or choose another name.");
            }
        }
    }

    private static string NewTableId(RandomBytes random)
    {
        Span<byte> bytes = stackalloc byte[4];
        random(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
