using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>The sizes of the data files of a table's state.</summary>
/// <remarks>One listing; what the listing does not show, since listings may lag behind, is asked for by name.</remarks>
internal static class TableSizes
{
    /// <summary>Bytes of each data file by its name in the state; null for a file that is not there.</summary>
    public static async Task<Dictionary<string, long?>> FindAsync(
        IObjectStore store, string dataPrefix, Func<string, string> pathOf, IEnumerable<FileReference> references, CancellationToken cancellationToken)
    {
        var nameOf = references.Select(r => r.FileName).Distinct(StringComparer.Ordinal).ToDictionary(pathOf, name => name, StringComparer.Ordinal);
        var sizes = new Dictionary<string, long?>(nameOf.Count, StringComparer.Ordinal);
        if (nameOf.Count > 0)
        {
            await foreach (var found in store.ListAsync(dataPrefix, null, cancellationToken).ConfigureAwait(false))
            {
                if (nameOf.TryGetValue(found.Path, out string? name))
                {
                    sizes[name] = found.LengthBytes;
                }
            }
        }

        foreach (var (path, name) in nameOf)
        {
            if (!sizes.ContainsKey(name))
            {
                sizes[name] = (await store.HeadAsync(path, cancellationToken).ConfigureAwait(false))?.LengthBytes;
            }
        }

        return sizes;
    }
}
