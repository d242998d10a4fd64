using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>A data file whose footer is read and whose columns fit the table's fields.</summary>
internal sealed class OpenDataFile : IAsyncDisposable
{
    private readonly ReadContext _context;
    private readonly DataObject _object;
    private readonly ParquetFileReader _reader;
    private readonly FileSchemaMatch _match;
    private readonly int[] _leafColumns;

    private OpenDataFile(ReadContext context, DataObject source, ParquetFileReader reader, FileSchemaMatch match)
    {
        _context = context;
        _object = source;
        _reader = reader;
        _match = match;
        _leafColumns = [.. match.Fields.SelectMany(f => new[] { f.Column?.Index, f.ValueColumn?.Index }).OfType<int>()];
    }

    public int RowGroupCount => _reader.RowGroupCount;

    public static async Task<OpenDataFile> OpenAsync(ReadContext context, string fileName, CancellationToken cancellationToken)
    {
        string path = context.PathOf(fileName);
        var reader = await context.Store.OpenAsync(path, cancellationToken).ConfigureAwait(false)
            ?? throw new TableReadException(
                context.TableName,
                fileName,
                $"there is no object '{path}' in '{context.Store.Name}', but the table's state refers to it. Something else than this library removed it: "
                + "put it back from a copy; its rows are nowhere else.");
        var source = new DataObject(reader, path);
        try
        {
            var file = await ParquetFileReader.OpenAsync(source, context.Limits, cancellationToken).ConfigureAwait(false);
            var match = FileSchemaMatch.Make(context.Schema, file.Schema);
            string[] faults =
            [
                .. match.Faults,
                .. match.Fields.Where(f => f.Conversion is not null || f.ValueConversion is not null)
                    .Select(f => $"field '{f.Field.Name}' is {f.Field.Type}, but the column is {f.Column!.PhysicalType}"),
            ];
            if (faults.Length > 0)
            {
                file.Dispose();
                throw new TableReadException(
                    context.TableName,
                    fileName,
                    $"its columns do not fit the table's schema: {string.Join("; ", faults)}. The object is not the one that was written for this "
                    + "table: put that one back from a copy.");
            }

            return new OpenDataFile(context, source, file, match);
        }
        catch
        {
            await source.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Decoders for all fields, in schema order.</summary>
    public FieldColumn[] MakeFieldColumns() => [.. _match.Fields.Select(f => new FieldColumn(f))];

    public long RowCountOf(int rowGroup) => _reader.Metadata.RowGroups[rowGroup].NumRows;

    /// <summary>What is known of the first row key of a row group without reading it.</summary>
    public RowGroupBounds BoundsOf(int rowGroup) =>
        RowGroupBounds.Of(_reader.Metadata, rowGroup, _match.Fields[0].Column!, _context.Schema.RowKeyFields[0], _context.Order);

    /// <summary>False if a Bloom filter says that no row of the row group has these values in its first row keys.</summary>
    public async ValueTask<bool> MayHoldAsync(int rowGroup, IReadOnlyList<FieldValue> rowKey, CancellationToken cancellationToken)
    {
        for (int key = 0; key < rowKey.Count; key++)
        {
            var column = _match.Fields[key].Column!;
            ulong hash = KeyHash.Of(column.PhysicalType, rowKey[key]);
            if (!await _reader.MayContainAsync(rowGroup, column.Index, hash, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many rows of a row group are decoded at a time.</summary>
    public int StretchRowsOf(int rowGroup) => _reader.RowsIn(_context.StretchBytes, rowGroup, _leafColumns, _context.StretchRowCount);

    public Task<RowGroupReader> OpenRowGroupAsync(int rowGroup, CancellationToken cancellationToken) =>
        _reader.OpenRowGroupAsync(rowGroup, _leafColumns, new UnboundedMemory { ShareBytes = _context.FileShareBytes }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _object.DisposeAsync().ConfigureAwait(false);
    }
}
