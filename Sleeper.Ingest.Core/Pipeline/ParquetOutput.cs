using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Rows of a caller into one Parquet file that ingests take: ours, and the Java original's.</summary>
internal static class ParquetOutput
{
    /// <summary>As in a page index. Whole, the smallest and largest of long values could make a footer that readers refuse.</summary>
    private const int MaxBoundBytes = 128;

    /// <summary>Writes the file; returns the number of rows. If it fails there is no object.</summary>
    public static async Task<long> WriteAsync<T>(
        IObjectStore store, string path, Schema schema, IAsyncEnumerable<T> rows, Func<T, RowBatch, RowFault?> encode, ParquetFileOptions options,
        CancellationToken cancellationToken)
    {
        long written = 0;
        long rejected = 0;
        var output = await store.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        await using (output.ConfigureAwait(false))
        {
            using var writer = new RowFileWriter(schema, ToDataFile(options), output);
            await writer.BeginAsync(cancellationToken).ConfigureAwait(false);
            await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if ((row is null ? new RowFault(null, "the row is null") : encode(row, writer.Batch)) is { } fault)
                {
                    writer.Batch.DiscardRow();
                    Reject(new RowError(written + rejected++, fault.FieldName, fault.Reason, null, fault.Value), path, options);
                    continue;
                }

                writer.Batch.EndRow(leaf: 0);
                written++;
                if (writer.Batch.IsFull)
                {
                    await writer.WriteBatchAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            await writer.FinishAsync(cancellationToken).ConfigureAwait(false);
            await output.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        return written;
    }

    private static void Reject(RowError error, string path, ParquetFileOptions options)
    {
        if (options.OnRowError is null)
        {
            throw new RowRejectedException(error, $"{error} The file '{path}' was not written. Mend the row, or let bad rows be handed to you with OnRowError.");
        }

        options.OnRowError(error);
    }

    private static DataFileOptions ToDataFile(ParquetFileOptions options) => new()
    {
        Codec = CodecChoice.Of(options.Codec, () => { }),
        CompressionLevel = options.CompressionLevel,
        RowGroupRows = options.RowGroupRowCount,
        RowGroupBytes = options.RowGroupBytes,
        StatisticsTruncateBytes = MaxBoundBytes,
    };
}
