using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core;

/// <summary>Looks at Parquet files before they are ingested.</summary>
public static class ParquetFiles
{
    /// <summary>Makes a table's schema from the columns of a Parquet file on a local disk, from its footer alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rowKeys">The columns that become row keys, in this order. At least one.</param>
    /// <param name="sortKeys">The columns that become sort keys, in this order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// INT32 columns become int fields, INT64 long, BYTE_ARRAY string or byte array by their annotation, lists and maps of these likewise; dates,
    /// times and timestamps become the number they hold. Optional columns become nullable value fields.
    /// </returns>
    /// <exception cref="ArgumentException">A key is not a column, or a column has a type that no field can hold: all faults are named.</exception>
    /// <exception cref="IngestException">The file is missing or damaged.</exception>
    public static async Task<Schema> ReadSchemaAsync(
        string path, IReadOnlyList<string> rowKeys, IReadOnlyList<string>? sortKeys = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(rowKeys);
        var source = await ObjectFileReader.OpenLocalAsync(path, cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var file = await ParquetFileReader.OpenAsync(source, new ParquetReaderLimits(), cancellationToken).ConfigureAwait(false);
            return FileSchema.Infer(file.Schema, rowKeys, sortKeys ?? [], path);
        }
    }
}
