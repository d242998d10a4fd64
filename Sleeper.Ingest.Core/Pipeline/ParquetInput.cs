using System.Collections.Concurrent;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>A Parquet file that is being ingested: open, matched to the schema, with the encoders that workers take turns with.</summary>
/// <remarks>Thread-safe. Workers may still give encoders back after disposal: those are freed at once.</remarks>
internal sealed class ParquetInput : IDisposable
{
    private readonly Schema _schema;
    private readonly KeyOrder _order;
    private readonly FileSchemaMatch _match;
    private readonly ConcurrentBag<ParquetRowEncoder> _encoders = [];
    private volatile bool _isDisposed;

    private ParquetInput(ParquetFileReader file, FileSchemaMatch match, Schema schema, KeyOrder order, string name)
    {
        File = file;
        Name = name;
        _match = match;
        _schema = schema;
        _order = order;
    }

    public ParquetFileReader File { get; }

    public string Name { get; }

    public IReadOnlyList<string> UnusedColumns => _match.UnusedColumns;

    /// <summary>The fields in which a map with a repeated key was met; for when all row groups are encoded.</summary>
    public IEnumerable<string> FieldsWithRepeatedMapKeys => _encoders.SelectMany(e => e.FieldsWithRepeatedMapKeys).Distinct(StringComparer.Ordinal);

    /// <summary>Opens a file and matches it to the schema.</summary>
    /// <exception cref="IngestException">The file cannot be read, or does not fit: every reason is named.</exception>
    public static async Task<ParquetInput> OpenAsync(IRandomAccessReader source, Schema schema, ParquetMapping mapping, ParquetReaderLimits limits, KeyOrder order, CancellationToken cancellationToken)
    {
        var file = await ParquetFileReader.OpenAsync(source, limits, cancellationToken).ConfigureAwait(false);
        var match = FileSchemaMatch.Make(schema, file.Schema, mapping);
        if (match.Faults.Count > 0)
        {
            throw new IngestException($"The file '{source.Name}' does not fit the table's schema: {string.Join("; ", match.Faults)}. Nothing of it was ingested.");
        }

        return new ParquetInput(file, match, schema, order, source.Name);
    }

    public ParquetRowEncoder TakeEncoder(RowLimits limits) =>
        _encoders.TryTake(out var encoder) ? encoder : new ParquetRowEncoder(_match, _schema, _order, limits);

    public void GiveBack(ParquetRowEncoder encoder)
    {
        _encoders.Add(encoder);
        if (_isDisposed)
        {
            FreeEncoders();
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        FreeEncoders();
        File.Dispose();
    }

    private void FreeEncoders()
    {
        while (_encoders.TryTake(out var encoder))
        {
            encoder.Dispose();
        }
    }
}
