using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Looks at footers before anything is ingested.</summary>
internal static class ParquetCheck
{
    private const string Ending = ".parquet";

    public static async Task<IReadOnlyList<ParquetFileCheck>> CheckLocalAsync(
        string path, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        string? folder = Path.GetDirectoryName(full);
        if (folder is not null)
        {
            // A file is one of its folder, so that this look too goes through the store.
            var parent = new LocalObjectStore(folder, new LocalObjectStoreOptions { CreateRoot = false });
            string name = Path.GetFileName(full);
            if (await parent.HeadAsync(name, cancellationToken).ConfigureAwait(false) is not null)
            {
                return [await CheckObjectAsync(parent, name, schema, mapping, limits, cancellationToken).ConfigureAwait(false) with { Path = path }];
            }
        }

        var store = new LocalObjectStore(full, new LocalObjectStoreOptions { CreateRoot = false });
        var checks = await CheckFolderAsync(store, "", schema, mapping, limits, cancellationToken).ConfigureAwait(false);
        return checks.Count > 0
            ? [.. checks.Select(c => c with { Path = Path.Combine(path, c.Path) })]
            : [NothingThere(path)];
    }

    public static async Task<IReadOnlyList<ParquetFileCheck>> CheckAsync(
        IObjectStore store, string path, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, CancellationToken cancellationToken)
    {
        if (path.Length > 0 && await store.HeadAsync(path, cancellationToken).ConfigureAwait(false) is not null)
        {
            return [await CheckObjectAsync(store, path, schema, mapping, limits, cancellationToken).ConfigureAwait(false)];
        }

        string prefix = path.Length == 0 || path.EndsWith('/') ? path : path + "/";
        var checks = await CheckFolderAsync(store, prefix, schema, mapping, limits, cancellationToken).ConfigureAwait(false);
        return checks.Count > 0 ? checks : [NothingThere(path)];
    }

    private static async Task<List<ParquetFileCheck>> CheckFolderAsync(
        IObjectStore store, string prefix, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, CancellationToken cancellationToken)
    {
        var checks = new List<ParquetFileCheck>();
        await foreach (var found in store.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            if (found.Path.EndsWith(Ending, StringComparison.Ordinal))
            {
                checks.Add(await CheckObjectAsync(store, found.Path, schema, mapping, limits, cancellationToken).ConfigureAwait(false));
            }
        }

        return checks;
    }

    private static Task<ParquetFileCheck> CheckObjectAsync(
        IObjectStore store, string path, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, CancellationToken cancellationToken) =>
        CheckObjectAsync(store, path, schema, mapping, limits, throwsIfStoreFails: false, cancellationToken);

    /// <param name="store">Where the file is.</param>
    /// <param name="path">Its path.</param>
    /// <param name="schema">The table's.</param>
    /// <param name="mapping">Which columns the fields take.</param>
    /// <param name="limits">What the file may ask of its reader.</param>
    /// <param name="throwsIfStoreFails">True if a store that cannot be asked is no fault of the file: its error is thrown.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ParquetFileCheck> CheckObjectAsync(
        IObjectStore store, string path, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, bool throwsIfStoreFails, CancellationToken cancellationToken)
    {
        long length = 0;
        try
        {
            var source = await ObjectFileReader.OpenAsync(store, path, cancellationToken).ConfigureAwait(false);
            await using (source.ConfigureAwait(false))
            {
                length = source.Length;
                using var file = await ParquetFileReader.OpenAsync(source, limits, cancellationToken).ConfigureAwait(false);
                var match = FileSchemaMatch.Make(schema, file.Schema, mapping);
                return new ParquetFileCheck(path, file.Metadata.NumRows, length, match.Faults, match.UnusedColumns);
            }
        }
        catch (Exception e) when (throwsIfStoreFails
            ? e is IngestException { IsRetryable: false } and not ObjectStoreException or ArgumentException
            : e is IngestException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new ParquetFileCheck(path, 0, length, [e.Message], []);
        }
    }

    private static ParquetFileCheck NothingThere(string path) =>
        new(path, 0, 0, [$"There is no file of this name, and no {Ending} file below it. Names are exact, capital letters too."], []);
}
