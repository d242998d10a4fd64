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
    private const int MostKeysAskedFor = 16;

    private readonly ReadContext _context;
    private readonly DataObject _object;
    private readonly ParquetFileReader _reader;
    private readonly FileSchemaMatch _match;
    private readonly FieldColumns[] _fields;
    private readonly int[] _leafColumns;

    private OpenDataFile(ReadContext context, DataObject source, ParquetFileReader reader, FileSchemaMatch match)
    {
        _context = context;
        _object = source;
        _reader = reader;
        _match = match;
        _fields = [.. context.Projection.ReadFields.Select(index => match.Fields[index])];
        _leafColumns = [.. _fields.SelectMany(f => new[] { f.Column?.Index, f.ValueColumn?.Index }).OfType<int>()];
    }

    /// <summary>About how many bytes it takes in memory while no rows are open.</summary>
    public long HeldBytes => _reader.HeldBytes;

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

            return Check(new OpenDataFile(context, source, file, match));
        }
        catch
        {
            await source.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Decoders for the fields that are read: all keys, then the chosen values.</summary>
    public FieldColumn[] MakeFieldColumns() => [.. _fields.Select(f => new FieldColumn(f))];

    public long RowCountOf(int rowGroup) => _reader.Metadata.RowGroups[rowGroup].NumRows;

    /// <summary>What is known of a row key of a row group without reading it.</summary>
    public KeyBounds BoundsOf(int rowGroup, int rowKey = 0) =>
        KeyBounds.Of(_reader.Metadata, rowGroup, _match.Fields[rowKey].Column!, _context.Schema.RowKeyFields[rowKey], _context.Order);

    /// <summary>False if the statistics say that no row of the row group is wanted.</summary>
    public bool MayMeet(int rowGroup, PlannedReference planned) => planned.MayMeet(AllBoundsOf(rowGroup));

    /// <summary>False if Bloom filters say that no row of the row group is wanted. Asks for few row keys only: each costs a request.</summary>
    public async ValueTask<bool> MayHoldAsync(int rowGroup, SegmentList segments, CancellationToken cancellationToken)
    {
        var bounds = BoundsOf(rowGroup);
        int start = segments.FindFirst(bounds.Min);
        int end = start;
        while (end - start <= MostKeysAskedFor && segments.MayMeet(end, bounds) && segments[end].RowKey.Count > 0)
        {
            end++;
        }

        if (end - start > MostKeysAskedFor || segments.MayMeet(end, bounds))
        {
            return true;
        }

        for (int i = start; i < end; i++)
        {
            if (await MayHoldAsync(rowGroup, segments[i].RowKey, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many rows of a row group are decoded at a time.</summary>
    public int StretchRowsOf(int rowGroup) => _reader.RowsIn(_context.StretchBytes, rowGroup, _leafColumns, _context.StretchRowCount);

    /// <summary>About how many bytes these take.</summary>
    public long StretchBytesOf(int rowGroup) =>
        Math.Min(
            _context.StretchBytes,
            _leafColumns.Sum(leaf => Math.Clamp(_reader.Metadata.RowGroups[rowGroup].Columns[leaf].Metadata?.TotalUncompressedSize ?? 0, 0, _context.StretchBytes)));

    /// <summary>Finds those rows of a row group of which the page index does not say that their keys are not wanted.</summary>
    public async ValueTask<RowGroupPart> FindPartAsync(int rowGroup, PlannedReference planned, CancellationToken cancellationToken)
    {
        var all = new RowRange(0, RowCountOf(rowGroup));
        var index = await FindIndexAsync(rowGroup, planned, cancellationToken).ConfigureAwait(false);
        return new RowGroupPart(rowGroup, index, index is null ? [all] : RowsIn(index, planned, rowGroup));
    }

    /// <summary>Opens some rows of a row group.</summary>
    public Task<RowGroupReader> OpenRowsAsync(RowGroupPart part, RowRange rows, IReadMemory memory, CancellationToken cancellationToken) =>
        _reader.OpenRowGroupAsync(part.RowGroup, _leafColumns, part.Index, rows, memory, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _object.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Holds the row groups' bounds against one another.</summary>
    private static OpenDataFile Check(OpenDataFile file)
    {
        try
        {
            BoundsCheck.CheckOrder(Enumerable.Range(0, file.RowGroupCount).Where(group => file.RowCountOf(group) > 0).Select(group => file.BoundsOf(group)), file.IsNumber(0), "row group");
            return file;
        }
        catch
        {
            file._reader.Dispose();
            throw;
        }
    }

    /// <summary>Fewer bytes than this are read along rather than left out by one request more.</summary>
    private long SmallBytes => Math.Min(_context.SmallRowGroupBytes, _object.RequestCostBytes);

    private KeyBounds[] AllBoundsOf(int rowGroup) => [.. Enumerable.Range(0, _context.Schema.RowKeyFields.Count).Select(key => BoundsOf(rowGroup, key))];

    private async ValueTask<bool> MayHoldAsync(int rowGroup, IReadOnlyList<FieldValue> rowKey, CancellationToken cancellationToken)
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

    /// <summary>The page index, if it could save more than it costs to read.</summary>
    private async ValueTask<PageIndex?> FindIndexAsync(int rowGroup, PlannedReference planned, CancellationToken cancellationToken)
    {
        if (_reader.StoredBytes(rowGroup, _leafColumns) <= SmallBytes || planned.Covers(AllBoundsOf(rowGroup)))
        {
            return null;
        }

        int[] bounded =
        [
            .. Enumerable.Range(0, _context.Schema.RowKeyFields.Count)
                .Where(key => planned.IsBounded(key) && KeyBounds.CanBeUsed(_reader.Metadata, ColumnOf(key), _context.Schema.RowKeyFields[key], _context.Order))
                .Select(key => ColumnOf(key).Index),
        ];
        var index = bounded.Length == 0 ? null : await _reader.ReadPageIndexAsync(rowGroup, _leafColumns, bounded, cancellationToken).ConfigureAwait(false);
        if (index is not null)
        {
            CheckPages(index, rowGroup);
        }

        return index;
    }

    /// <summary>Holds the pages' bounds against one another and against those of their row group.</summary>
    private void CheckPages(PageIndex index, int rowGroup)
    {
        for (int key = 0; key < _context.Schema.RowKeyFields.Count; key++)
        {
            if (index.BoundsOf(ColumnOf(key).Index) is { } pages)
            {
                KeyBounds[] bounds = [.. Enumerable.Range(0, pages.PageCount).Where(page => !pages.RowsOf(page).IsEmpty).Select(page => BoundsOf(pages, page, key))];
                BoundsCheck.CheckPages(BoundsOf(rowGroup, key), bounds, IsNumber(key));
                if (key == 0)
                {
                    BoundsCheck.CheckOrder(bounds, IsNumber(key), "page");
                }
            }
        }
    }

    private bool IsNumber(int rowKey) => _context.Schema.RowKeyFields[rowKey].Type.Kind is FieldTypeKind.Int or FieldTypeKind.Long;

    private KeyBounds BoundsOf(PageBounds pages, int page, int rowKey) =>
        KeyBounds.Of(pages.MinOf(page), pages.MaxOf(page), ColumnOf(rowKey), _context.Schema.RowKeyFields[rowKey]);

    private LeafColumn ColumnOf(int rowKey) => _match.Fields[rowKey].Column!;

    /// <summary>
    /// Runs of rows that may be wanted: by the bounds of those pages, one of each row key, that they lie in. Rows between two runs are read along where they are few.
    /// </summary>
    private List<RowRange> RowsIn(PageIndex index, PlannedReference planned, int rowGroup)
    {
        double bytesOfRow = (double)_reader.StoredBytes(rowGroup, _leafColumns) / Math.Max(1, RowCountOf(rowGroup));
        var bounds = AllBoundsOf(rowGroup);
        PageBounds?[] pages = [.. Enumerable.Range(0, bounds.Length).Select(key => index.BoundsOf(ColumnOf(key).Index))];
        int[] page = new int[bounds.Length];
        Array.Fill(page, -1);
        var runs = new List<RowRange>();
        long end;
        for (long row = 0; row < RowCountOf(rowGroup); row = end)
        {
            end = RowCountOf(rowGroup);
            for (int key = 0; key < bounds.Length; key++)
            {
                if (pages[key] is { } ofKey)
                {
                    if (MoveTo(row, ofKey, ref page[key]))
                    {
                        bounds[key] = BoundsOf(ofKey, page[key], key);
                    }

                    end = Math.Min(end, ofKey.RowsOf(page[key]).End);
                }
            }

            if (!planned.MayMeet(bounds))
            {
                continue;
            }

            if (runs.Count > 0 && (row - runs[^1].End) * bytesOfRow <= SmallBytes)
            {
                runs[^1] = new RowRange(runs[^1].First, end);
            }
            else
            {
                runs.Add(new RowRange(row, end));
            }
        }

        return runs;
    }

    /// <summary>Goes on to the page that a row is in; false if that is the present one.</summary>
    private static bool MoveTo(long row, PageBounds pages, ref int page)
    {
        int before = page;
        while (page < 0 || pages.RowsOf(page).End <= row)
        {
            page++;
        }

        return page != before;
    }
}
