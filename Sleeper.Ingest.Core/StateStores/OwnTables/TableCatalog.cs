using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.OwnTables;

/// <summary>The tables of a store: which there are, and dropping one.</summary>
internal static class TableCatalog
{
    /// <summary>The names of all tables, in ordinal order. Costs a listing and two look-ups for each folder, whatever is in the folders.</summary>
    public static async IAsyncEnumerable<string> ListAsync(
        IObjectStore store, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var names = new List<string>();
        string? startAfter = null;
        while (await NextFolderAsync(store, startAfter, cancellationToken).ConfigureAwait(false) is { } folder)
        {
            if (TablePaths.IsTableName(folder) && await OwnTable.ExistsAsync(store, folder, cancellationToken).ConfigureAwait(false))
            {
                names.Add(folder);
            }

            // '0' is the character after '/': this skips all that begins with the folder and a slash.
            startAfter = folder + "0";
        }

        // Objects come in the order of their paths, where "a-b/" is before "a/".
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    /// <summary>
    /// Removes a table and all its objects. First its properties: from then on nobody can open it. Then its logs, so that no file of it can be named,
    /// then the rest, the data last. After an error, or for a table that was dropped half before, it can be called again. True if anything was there.
    /// </summary>
    /// <remarks>Writers that have the table open are not stopped: what they still write is left behind, and reported when the name is used again.</remarks>
    public static async Task<bool> DropAsync(IObjectStore store, string name, CancellationToken cancellationToken = default)
    {
        var paths = new TablePaths(name);
        bool any = await store.HeadAsync(paths.Properties, cancellationToken).ConfigureAwait(false) is not null;
        await store.DeleteAsync(paths.Properties, cancellationToken).ConfigureAwait(false);
        await store.DeleteAsync(paths.Maintenance, cancellationToken).ConfigureAwait(false);
        foreach (string folder in (string[])[paths.AllLogs, paths.AllSnapshots, paths.AllIngests, paths.AllJobs, paths.AllData])
        {
            // Listed to the end before anything is removed: a listing need not bear being changed under its feet.
            var objects = new List<string>();
            await foreach (var found in store.ListAsync(folder, null, cancellationToken).ConfigureAwait(false))
            {
                objects.Add(found.Path);
            }

            foreach (string path in objects)
            {
                await store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
            }

            any |= objects.Count > 0;
        }

        return any;
    }

    private static async Task<string?> NextFolderAsync(IObjectStore store, string? startAfter, CancellationToken cancellationToken)
    {
        await foreach (var found in store.ListAsync("", startAfter, cancellationToken).ConfigureAwait(false))
        {
            int slash = found.Path.IndexOf('/', StringComparison.Ordinal);
            if (slash > 0)
            {
                return found.Path[..slash];
            }
        }

        return null;
    }
}
