using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;
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
    public KeyBounds BoundsOf(int rowGroup) => KeyBounds.Of(_reader.Metadata, rowGroup, FirstColumn, FirstField, _context.Order);

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

    /// <summary>Opens those rows of a row group of which the page index does not say that their keys are outside of a range; null if that is none.</summary>
    /// <param name="rowGroup">The row group.</param>
    /// <param name="lower">The smallest key of the range.</param>
    /// <param name="upper">The first key behind it; null for no bound.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    public async Task<RowGroupReader?> OpenRowGroupAsync(int rowGroup, byte[] lower, byte[]? upper, CancellationToken cancellationToken)
    {
        var memory = new UnboundedMemory { ShareBytes = _context.FileShareBytes };
        var index = await FindIndexAsync(rowGroup, lower, upper, cancellationToken).ConfigureAwait(false);
        if (index is null)
        {
            return await _reader.OpenRowGroupAsync(rowGroup, _leafColumns, memory, cancellationToken).ConfigureAwait(false);
        }

        var rows = RowsIn(index, lower, upper);
        return rows.IsEmpty ? null : await _reader.OpenRowGroupAsync(rowGroup, _leafColumns, index, rows, memory, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _object.DisposeAsync().ConfigureAwait(false);
    }

    private LeafColumn FirstColumn => _match.Fields[0].Column!;

    private Field FirstField => _context.Schema.RowKeyFields[0];

    /// <summary>The page index, if it could save more than it costs to read.</summary>
    private async ValueTask<PageIndex?> FindIndexAsync(int rowGroup, byte[] lower, byte[]? upper, CancellationToken cancellationToken) =>
        BoundsOf(rowGroup).AreInside(lower, upper)
        || !KeyBounds.CanBeUsed(_reader.Metadata, FirstColumn, FirstField, _context.Order)
        || _reader.StoredBytes(rowGroup, _leafColumns) <= _context.SmallRowGroupBytes
            ? null
            : await _reader.ReadPageIndexAsync(rowGroup, _leafColumns, FirstColumn.Index, cancellationToken).ConfigureAwait(false);

    /// <summary>From the first page that may have keys of the range to the last one that may: in a sorted file these lie behind one another.</summary>
    private RowRange RowsIn(PageIndex index, byte[] lower, byte[]? upper)
    {
        int first = 0;
        int end = index.PageCount;
        while (first < end && !MayMeet(first))
        {
            first++;
        }

        while (end > first && !MayMeet(end - 1))
        {
            end--;
        }

        return first == end ? default : new RowRange(index.RowsOf(first).First, index.RowsOf(end - 1).End);

        bool MayMeet(int page) => KeyBounds.Of(index.MinOf(page), index.MaxOf(page), FirstColumn, FirstField).MayMeet(lower, upper);
    }
}
