using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Walks the wanted rows of one file reference in key order: those of the partition's region and of the read's range.</summary>
/// <remarks>
/// Holds one row group as it is stored and one stretch of it decoded; row groups and pages that statistics, page indexes or Bloom filters rule out are not read. A file that is not in
/// order, or has other rows in the region than the reference counts, is an error: to give its rows nevertheless would break what a reader
/// relies on. One caller at a time.
/// </remarks>
internal sealed class DataFileCursor : IAsyncDisposable
{
    private readonly ReadContext _context;
    private readonly PlannedReference _planned;
    private readonly OpenDataFile _file;
    private readonly FieldColumn[] _fields;
    private readonly KeyStretch _keys;
    private readonly bool[] _isRuledOut;
    private RowGroupReader? _rowGroup;
    private int _rowGroupIndex = -1;
    private int _stretchRows;
    private long _nextRow;
    private long _endRow;
    private long _rowsGiven;
    private long _firstRow;
    private int _row = -1;
    private int _end;
    private bool _isPastUpper;

    private DataFileCursor(ReadContext context, PlannedReference planned, OpenDataFile file)
    {
        _context = context;
        _planned = planned;
        _file = file;
        _fields = file.MakeFieldColumns();
        _keys = new KeyStretch(context.Order);
        _isRuledOut = new bool[file.RowGroupCount];
    }

    /// <summary>Rows with equal keys come in the order of these.</summary>
    public int Ordinal => _planned.Ordinal;

    /// <summary>The present row's normalised key.</summary>
    public ReadOnlySpan<byte> Key => _keys[_row];

    /// <summary>Reads the footer, and Bloom filters where one row key is wanted; no row yet.</summary>
    /// <exception cref="TableReadException">The file is missing, damaged, or has other columns.</exception>
    public static async Task<DataFileCursor> OpenAsync(ReadContext context, PlannedReference planned, CancellationToken cancellationToken)
    {
        try
        {
            var file = await OpenDataFile.OpenAsync(context, planned.Reference.FileName, cancellationToken).ConfigureAwait(false);
            var cursor = new DataFileCursor(context, planned, file);
            await cursor.AskBloomFiltersAsync(cancellationToken).ConfigureAwait(false);
            return cursor;
        }
        catch (Exception fault) when (fault is ParquetFormatException or EndOfStreamException)
        {
            throw Damaged(context, planned, fault);
        }
    }

    /// <summary>A key that none of the rows to come is below, by what the footer says.</summary>
    public byte[] FindLowerBound()
    {
        int next = NextRowGroup(_rowGroupIndex);
        return next < _file.RowGroupCount && _file.BoundsOf(next).Min is { } min && min.AsSpan().SequenceCompareTo(_planned.Lower) > 0
            ? min
            : _planned.Lower;
    }

    /// <summary>Moves to the next wanted row of the stretch; false if it has none.</summary>
    public bool TryMoveNext()
    {
        while (++_row < _end)
        {
            if (!_planned.Box.IsBoundedBeyondFirst || _planned.Box.ContainsBeyondFirst(_keys[_row]))
            {
                _rowsGiven++;
                return true;
            }
        }

        return false;
    }

    /// <summary>After the stretch: moves to the first wanted row of a later one; false at the end of the file.</summary>
    /// <exception cref="TableReadException">The file is damaged, out of order, or holds other rows than the table's state says.</exception>
    public async ValueTask<bool> MoveToNextStretchAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!_isPastUpper)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_nextRow == _endRow && !await OpenNextRowGroupAsync(cancellationToken).ConfigureAwait(false))
                {
                    break;
                }

                await DecodeStretchAsync(cancellationToken).ConfigureAwait(false);
                if (TryMoveNext())
                {
                    return true;
                }
            }
        }
        catch (Exception fault) when (fault is ParquetFormatException or EndOfStreamException)
        {
            throw Damaged(_context, _planned, fault);
        }

        CheckCount();
        return false;
    }

    /// <summary>The present row.</summary>
    /// <exception cref="TableReadException">A value is not what the schema says.</exception>
    public Row MakeRow()
    {
        try
        {
            var values = new FieldValue[_fields.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = _fields[i].ValueAt(_row);
            }

            return Row.Wrap(_context.Schema, values);
        }
        catch (ParquetFormatException fault)
        {
            throw Fault($"row {_firstRow + _row:N0} of row group {_rowGroupIndex} cannot be read. {fault.Finding} Put the file back from a copy.", fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _rowGroup?.Dispose();
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    private static TableReadException Damaged(ReadContext context, PlannedReference planned, Exception fault) =>
        new(
            context.TableName,
            planned.Reference.FileName,
            fault is ParquetFormatException { IsAboveLimit: true }
                ? $"the file in '{context.Store.Name}' asks for more than the limits of this read. {fault.Message}"
                : $"the file in '{context.Store.Name}' is damaged. {(fault as ParquetFormatException)?.Finding ?? fault.Message} Put it back from a copy; its "
                    + $"{planned.Reference.RowCount:N0} rows of partition '{planned.Reference.PartitionId}' are nowhere else.",
            fault);

    private async ValueTask AskBloomFiltersAsync(CancellationToken cancellationToken)
    {
        if (_planned.RowKey.Count == 0)
        {
            return;
        }

        try
        {
            for (int next = NextRowGroup(-1); next < _file.RowGroupCount; next = NextRowGroup(next))
            {
                _isRuledOut[next] = !await _file.MayHoldAsync(next, _planned.RowKey, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private int NextRowGroup(int after)
    {
        int next = after + 1;
        while (next < _file.RowGroupCount
            && (_isRuledOut[next] || _file.RowCountOf(next) == 0 || !_file.BoundsOf(next).MayMeet(_planned.Lower, _planned.Upper)))
        {
            next++;
        }

        return next;
    }

    private async ValueTask<bool> OpenNextRowGroupAsync(CancellationToken cancellationToken)
    {
        _rowGroup?.Dispose();
        _rowGroup = null;
        while (_rowGroup is null)
        {
            _rowGroupIndex = NextRowGroup(_rowGroupIndex);
            if (_rowGroupIndex >= _file.RowGroupCount)
            {
                return false;
            }

            _rowGroup = await _file.OpenRowGroupAsync(_rowGroupIndex, _planned.Lower, _planned.Upper, cancellationToken).ConfigureAwait(false);
        }

        _stretchRows = _file.StretchRowsOf(_rowGroupIndex);
        _nextRow = _rowGroup.Rows.First;
        _endRow = _rowGroup.Rows.End;
        _firstRow = _nextRow;
        _end = 0;
        return true;
    }

    private async ValueTask DecodeStretchAsync(CancellationToken cancellationToken)
    {
        _firstRow = _nextRow;
        int rows = (int)Math.Min(_endRow - _nextRow, _stretchRows);
        foreach (var field in _fields)
        {
            await field.ReadAsync(_rowGroup!, rows, cancellationToken).ConfigureAwait(false);
        }

        _nextRow += rows;
        int outOfOrder = _keys.Encode(_fields.AsSpan(0, _context.Schema.KeyFieldCount), rows);
        if (outOfOrder >= 0)
        {
            throw OutOfOrder(outOfOrder);
        }

        _row = _keys.FindFirstFrom(_planned.Lower) - 1;
        _end = _planned.Upper is null ? rows : _keys.FindFirstFrom(_planned.Upper);
        _isPastUpper = _end < rows;
    }

    private void CheckCount()
    {
        var reference = _planned.Reference;
        if (_planned.IsWhole && !reference.CountApproximate && _rowsGiven != reference.RowCount)
        {
            throw Fault(
                $"the table's state counts {reference.RowCount:N0} rows of it in partition '{reference.PartitionId}', but {_rowsGiven:N0} rows of it are in "
                + "the partition's region. Either it is another file than the one that was committed, and that one must be put back from a copy, or its rows "
                + "were placed by another order of keys than this table's, and must be ingested again.");
        }
    }

    private TableReadException OutOfOrder(int row) =>
        Fault(
            $"row {_firstRow + row:N0} of row group {_rowGroupIndex} has a smaller key than the row before it ({_context.Order} order), so the file cannot be "
            + "merged with others. It was sorted in another way: ingest its rows again.");

    private TableReadException Fault(string message, Exception? cause = null) =>
        new(_context.TableName, _planned.Reference.FileName, message, cause);
}
