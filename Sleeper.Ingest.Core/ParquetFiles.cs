using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core;

/// <summary>Parquet files that are ingested: looked at before, and written for it.</summary>
public static class ParquetFiles
{
    /// <summary>Makes a table's schema from the columns of a Parquet file on a local disk, from its footer alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rowKeys">The columns that become row keys, in this order. At least one.</param>
    /// <param name="sortKeys">The columns that become sort keys, in this order.</param>
    /// <param name="limits">What the file may ask of its reader; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// INT32 columns become int fields, INT64 long, BYTE_ARRAY string or byte array by their annotation, lists and maps of these likewise; dates,
    /// times and timestamps become the number they hold. Optional columns become nullable value fields.
    /// </returns>
    /// <exception cref="ArgumentException">A key is not a column, or a column has a type that no field can hold: all faults are named.</exception>
    /// <exception cref="IngestException">The file is missing.</exception>
    /// <exception cref="ParquetFormatException">The file is damaged or above a limit.</exception>
    public static async Task<Schema> ReadSchemaAsync(
        string path, IReadOnlyList<string> rowKeys, IReadOnlyList<string>? sortKeys = null, ParquetReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(rowKeys);
        var source = await ObjectFileReader.OpenLocalAsync(path, cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var file = await ParquetFileReader.OpenAsync(source, ReaderLimits(limits), cancellationToken).ConfigureAwait(false);
            return FileSchema.Infer(file.Schema, rowKeys, sortKeys ?? [], path);
        }
    }

    /// <summary>
    /// Checks, from the footers alone, whether files can be ingested into a table, and says everything that is wrong. Reads no rows and changes nothing: what only
    /// rows can show (a null, text that is none, a number that does not fit) is not seen.
    /// </summary>
    /// <param name="paths">Files on a local disk, and folders, which are searched for <c>.parquet</c> files all the way down.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="mapping">Which columns the fields take; null for those of their own names.</param>
    /// <param name="limits">What a file may ask of its reader; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>One for each file, in the order given; those of a folder by path. A path where nothing is found has one, with that problem.</returns>
    public static async Task<IReadOnlyList<ParquetFileCheck>> CheckAsync(
        IEnumerable<string> paths, Schema schema, ParquetMapping? mapping = null, ParquetReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(schema);
        var checks = new List<ParquetFileCheck>();
        foreach (string path in paths)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof(paths));
            checks.AddRange(await ParquetCheck.CheckLocalAsync(path, schema, mapping ?? ParquetMapping.ByName, ReaderLimits(limits), cancellationToken).ConfigureAwait(false));
        }

        return checks;
    }

    /// <summary>The same for objects: the one of that path, or else all whose paths begin with it and a slash and end with <c>.parquet</c>.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="path">An object, or a folder of objects; empty for the whole store.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="mapping">Which columns the fields take; null for those of their own names.</param>
    /// <param name="limits">What a file may ask of its reader; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<ParquetFileCheck>> CheckAsync(
        IObjectStore store, string path, Schema schema, ParquetMapping? mapping = null, ParquetReadLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(schema);
        return await ParquetCheck.CheckAsync(store, path, schema, mapping ?? ParquetMapping.ByName, ReaderLimits(limits), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes rows as one Parquet file that an ingest takes, ours or the Java original's: columns as a table's data files have them, required where a field is not
    /// nullable, lists and maps in that layout. Rows need no order. The file appears whole or not at all.
    /// </summary>
    /// <param name="store">Where the file goes.</param>
    /// <param name="path">Its path there, usually ending with <c>.parquet</c>.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="rows">Checked like those of an ingest. None give a file without rows.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; there is no file then.</param>
    /// <returns>The number of rows written.</returns>
    /// <exception cref="ArgumentException">An option is outside of its range.</exception>
    /// <exception cref="RowRejectedException">A row does not fit the schema, and there is nobody to hand it to.</exception>
    /// <exception cref="ObjectExistsException">There is an object of that path.</exception>
    public static Task<long> WriteAsync(
        IObjectStore store, string path, Schema schema, IEnumerable<Row> rows, ParquetFileOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return WriteAsync(store, path, schema, rows.ToAsyncEnumerable(), options, cancellationToken);
    }

    /// <inheritdoc cref="WriteAsync(IObjectStore, string, Schema, IEnumerable{Row}, ParquetFileOptions?, CancellationToken)"/>
    public static Task<long> WriteAsync(
        IObjectStore store, string path, Schema schema, IAsyncEnumerable<Row> rows, ParquetFileOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(rows);
        schema.RequireRowKeys();
        return WriteAsync(store, path, schema, rows, new RowEncoder(schema, KeyOrder.Bytes, RowFileWriter.Limits).Encode, options, cancellationToken);
    }

    /// <summary>The same for objects of the caller's own type.</summary>
    /// <param name="store">Where the file goes.</param>
    /// <param name="path">Its path there.</param>
    /// <param name="rows">The objects.</param>
    /// <param name="mapping">Their fields, for the schema that the file is written in.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; there is no file then.</param>
    /// <returns>The number of rows written.</returns>
    /// <exception cref="ArgumentException">An option is outside of its range.</exception>
    /// <exception cref="RowRejectedException">A row does not fit the schema, and there is nobody to hand it to.</exception>
    /// <exception cref="ObjectExistsException">There is an object of that path.</exception>
    public static Task<long> WriteAsync<T>(
        IObjectStore store, string path, IEnumerable<T> rows, RowMapping<T> mapping, ParquetFileOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(mapping);
        return WriteAsync(
            store, path, mapping.Schema, rows.ToAsyncEnumerable(), new TypedRowEncoder<T>(mapping, KeyOrder.Bytes, RowFileWriter.Limits).Encode, options, cancellationToken);
    }

    /// <summary>Writes rows as one Parquet file on a local disk; its folder is made if it is missing.</summary>
    /// <inheritdoc cref="WriteAsync(IObjectStore, string, Schema, IEnumerable{Row}, ParquetFileOptions?, CancellationToken)"/>
    public static Task<long> WriteAsync(
        string path, Schema schema, IEnumerable<Row> rows, ParquetFileOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        var folder = new LocalObjectStore(Path.GetDirectoryName(full) ?? "/", new LocalObjectStoreOptions { Durable = false });
        return WriteAsync(folder, Path.GetFileName(full), schema, rows, options, cancellationToken);
    }

    private static Task<long> WriteAsync<T>(
        IObjectStore store, string path, Schema schema, IAsyncEnumerable<T> rows, Func<T, RowBatch, RowFault?> encode, ParquetFileOptions? options,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new ParquetFileOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RowGroupRowCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RowGroupBytes, 1024, nameof(options));
        return ParquetOutput.WriteAsync(store, path, schema, rows, encode, options, cancellationToken);
    }

    private static ParquetReaderLimits ReaderLimits(ParquetReadLimits? limits) => (limits ?? ParquetReadLimits.Default).ForReader();
}
