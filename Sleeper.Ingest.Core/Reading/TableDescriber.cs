using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Counts what a table's state holds: leaves, rows, files and their bytes.</summary>
internal static class TableDescriber
{
    /// <summary>Bytes of each data file by its name in the state; null for a file that is not there.</summary>
    /// <remarks>One listing; what the listing does not show, since listings may lag behind, is asked for by name.</remarks>
    public static async Task<Dictionary<string, long?>> FindSizesAsync(
        IObjectStore store, string dataPrefix, Func<string, string> pathOf, TableState state, CancellationToken cancellationToken)
    {
        var nameOf = state.References.Select(r => r.FileName).Distinct(StringComparer.Ordinal).ToDictionary(pathOf, name => name, StringComparer.Ordinal);
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

    public static TableDescription Describe(string name, TableState state, IReadOnlyDictionary<string, long?> sizes)
    {
        var rowsOfFile = state.References.GroupBy(r => r.FileName, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(r => r.RowCount), StringComparer.Ordinal);
        var byPartition = state.References.ToLookup(r => r.PartitionId, StringComparer.Ordinal);
        var leaves = state.Partitions.Leaves.Select(leaf => new LeafDescription(
            leaf.Id,
            leaf.Region,
            byPartition[leaf.Id].Select(r => r.FileName).Distinct(StringComparer.Ordinal).Count(),
            byPartition[leaf.Id].Sum(r => r.RowCount),
            byPartition[leaf.Id].Sum(r => ShareOf(r, sizes[r.FileName] ?? 0, rowsOfFile[r.FileName])))).ToList();
        long rows = state.References.Sum(r => r.RowCount);
        return new TableDescription(
            name,
            state.TransactionNumber,
            leaves,
            rows,
            sizes.Count,
            sizes.Values.Sum(size => size ?? 0),
            rows - leaves.Sum(leaf => leaf.RowCount),
            state.References.Any(r => r.CountApproximate),
            [.. sizes.Where(size => size.Value is null).Select(size => size.Key).Order(StringComparer.Ordinal)],
            state.RecentCommits);
    }

    private static long ShareOf(FileReference reference, long lengthBytes, long rowsOfFile) =>
        rowsOfFile == 0 ? lengthBytes : (long)((Int128)lengthBytes * reference.RowCount / rowsOfFile);
}
