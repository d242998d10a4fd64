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
internal sealed class DataFileCursor : IMergeCursor
{
    private readonly ReadContext _context;
    private readonly PlannedReference _planned;
    private readonly OpenDataFile _file;
    private readonly FieldColumn[] _fields;
    private readonly KeyStretch _keys;
    private RowGroupReader? _rowGroup;
    private RowGroupPart _part = RowGroupPart.None;
    private int _run;
    private FollowingRows? _following;
    private int _stretchRows;
    private long _nextRow;
    private long _endRow;
    private long _rowsGiven;
    private long _firstRow;
    private int _row = -1;
    private int _end;
    private int _segment;
    private KeySegment? _checked;

    private long _stretchBytes;

    private FilePosition? _resumeAt;
    private long _footerBytes;

    private DataFileCursor(ReadContext context, PlannedReference planned, OpenDataFile file, FileMemory memory, FilePosition position)
    {
        Memory = memory;
        _resumeAt = position.RowGroup < 0 ? null : position;
        _rowsGiven = position.RowsGiven;
        _footerBytes = file.HeldBytes;
        _context = context;
        _planned = planned;
        _file = file;
        _fields = file.MakeFieldColumns();
        _keys = new KeyStretch(context.Order);
    }

    public PlannedReference Planned => _planned;

    /// <summary>Rows with equal keys come in the order of these.</summary>
    public int Ordinal => _planned.Ordinal;

    /// <summary>Where it takes its memory.</summary>
    public FileMemory Memory { get; }

    public bool IsDisposed { get; private set; }

    /// <summary>True if it is at a row.</summary>
    public bool HasRow => _row >= 0 && _row < _end;

    /// <summary>The present row's normalised key.</summary>
    public ReadOnlySpan<byte> Key => _keys[_row];

    /// <summary>Where another cursor goes on with the present row, or, if there is none, with the one behind the last.</summary>
    public FilePosition Position =>
        HasRow ? new FilePosition(_part.RowGroup, _firstRow + _row, _rowsGiven - 1)
        : _resumeAt ?? new FilePosition(_part.RowGroup, _nextRow, _rowsGiven);

    /// <summary>Reads the footer; no row yet.</summary>
    /// <param name="context">The read.</param>
    /// <param name="planned">The reference.</param>
    /// <param name="memory">Where memory is taken.</param>
    /// <param name="position">Where to begin.</param>
    /// <param name="cancellationToken">Stops the reads.</param>
    /// <exception cref="TableReadException">The file is missing, damaged, or has other columns.</exception>
    public static async Task<DataFileCursor> OpenAsync(
        ReadContext context, PlannedReference planned, FileMemory memory, FilePosition position, CancellationToken cancellationToken)
    {
        try
        {
            var file = await OpenDataFile.OpenAsync(context, planned.Reference.FileName, cancellationToken).ConfigureAwait(false);
            bool isThere = false;
            try
            {
                isThere = await memory.TryReserveAsync(file.HeldBytes, cancellationToken).ConfigureAwait(false);
                return isThere ? new DataFileCursor(context, planned, file, memory, position) : throw memory.NotEnough(file.HeldBytes);
            }
            finally
            {
                if (!isThere)
                {
                    await file.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception fault) when (fault is ParquetFormatException or EndOfStreamException)
        {
            throw Damaged(context, planned, fault);
        }
    }

    /// <summary>A key that none of the rows to come is below, by what the footer says.</summary>
    public byte[] FindLowerBound()
    {
        int next = NextRowGroup(_part.RowGroup);
        return next < _file.RowGroupCount && _file.BoundsOf(next).Min is { } min && min.AsSpan().SequenceCompareTo(_planned.Lower) > 0
            ? min
            : _planned.Lower;
    }

    /// <summary>Moves to the next wanted row of the stretch; false if it has none.</summary>
    public bool TryMoveNext()
    {
        do
        {
            while (++_row < _end)
            {
                if (IsWanted(_keys[_row]))
                {
                    _rowsGiven++;
                    return true;
                }
            }
        }
        while (MoveToNextSegment());
        return false;
    }

    /// <summary>After the stretch: moves to the first wanted row of a later one; false at the end of the file.</summary>
    /// <exception cref="TableReadException">The file is damaged, out of order, or holds other rows than the table's state says.</exception>
    public async ValueTask<bool> MoveToNextStretchAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_segment < _planned.Segments.Count)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_nextRow == _endRow && !await OpenNextRowsAsync(cancellationToken).ConfigureAwait(false))
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
            var source = _context.Projection.SourceOfValues;
            var values = new FieldValue[source.Count];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = _fields[source[i]].ValueAt(_row);
            }

            return Row.Wrap(_context.Projection.Schema, values);
        }
        catch (ParquetFormatException fault)
        {
            throw Fault($"row {_firstRow + _row:N0} of row group {_part.RowGroup} cannot be read. {fault.Finding} Put the file back from a copy.", fault);
        }
    }

    /// <summary>From now on it is the file's turn: what it needs it gets before others, and it reads on while its rows are decoded.</summary>
    public void TakeTurn(CancellationToken cancellationToken)
    {
        Memory.IsAhead = false;
        OpenFollowingRows(cancellationToken);
    }

    /// <summary>Lets go of what was read before it is needed; false if there is nothing.</summary>
    public async ValueTask<bool> DropReadOnAsync()
    {
        var following = _following;
        _following = null;
        if (following is not null)
        {
            await following.DisposeAsync().ConfigureAwait(false);
        }

        return (_rowGroup is not null && await _rowGroup.DropNextAsync().ConfigureAwait(false)) || following is not null;
    }

    public async ValueTask DisposeAsync()
    {
        IsDisposed = true;
        await DropReadOnAsync().ConfigureAwait(false);
        await CloseRowsAsync().ConfigureAwait(false);
        Memory.Release(_footerBytes);
        _footerBytes = 0;
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

    private bool IsWanted(ReadOnlySpan<byte> key) =>
        (!_planned.Box.HasOtherBounds || _planned.Box.IsInsideOtherBounds(key)) && (_checked is null || _checked.Contains(key));

    /// <summary>Moves in front of the first row of the stretch that is in one of the segments that are left; false if there is none.</summary>
    private bool MoveToNextSegment()
    {
        while (_end < _keys.Count && _segment < _planned.Segments.Count)
        {
            var segment = _planned.Segments[_segment];
            int first = _keys.FindFirstFrom(segment.Lower);
            int end = segment.Upper is null ? _keys.Count : _keys.FindFirstFrom(segment.Upper);
            if (end < _keys.Count)
            {
                _segment++;
            }
            else if (first == end)
            {
                return false;
            }

            if (first < end)
            {
                _checked = segment.Boxes.Count > 0 ? segment : null;
                _row = first - 1;
                _end = end;
                return true;
            }
        }

        return false;
    }

    private int NextRowGroup(int after)
    {
        int next = after + 1;
        while (next < _file.RowGroupCount && (_file.RowCountOf(next) == 0 || !_file.MayMeet(next, _planned)))
        {
            next++;
        }

        return next;
    }

    private async ValueTask<bool> OpenNextRowsAsync(CancellationToken cancellationToken)
    {
        await CloseRowsAsync().ConfigureAwait(false);
        if (_resumeAt is { } position)
        {
            await ResumeAsync(position, cancellationToken).ConfigureAwait(false);
            _resumeAt = null;
        }

        var following = _following;
        _following = null;
        var next = (following is null ? null : await following.TakeAsync().ConfigureAwait(false))
            ?? await OpenRowsAfterAsync(_part, _run, Memory, cancellationToken).ConfigureAwait(false);
        (_part, _run, _rowGroup) = (next.Part, next.Run, next.Reader);
        if (_rowGroup is null)
        {
            return false;
        }

        _nextRow = _rowGroup.Rows.First;
        _endRow = _rowGroup.Rows.End;
        long stretchBytes = _file.StretchBytesOf(_part.RowGroup);
        if (!await Memory.TryReserveAsync(stretchBytes, cancellationToken).ConfigureAwait(false))
        {
            throw Memory.NotEnough(stretchBytes);
        }

        _stretchBytes = stretchBytes;
        _stretchRows = _file.StretchRowsOf(_part.RowGroup);
        OpenFollowingRows(cancellationToken);
        return true;
    }

    private async Task<OpenRows> OpenRowsAfterAsync(RowGroupPart part, int run, FileMemory memory, CancellationToken cancellationToken)
    {
        while (++run >= part.Runs.Count)
        {
            int next = NextRowGroup(part.RowGroup);
            if (next >= _file.RowGroupCount)
            {
                return new OpenRows(part, run, null, memory);
            }

            run = -1;
            part = await _file.MayHoldAsync(next, _planned.Segments, cancellationToken).ConfigureAwait(false)
                ? await _file.FindPartAsync(next, _planned, cancellationToken).ConfigureAwait(false)
                : new RowGroupPart(next, null, []);
        }

        return new OpenRows(part, run, await _file.OpenRowsAsync(part, part.Runs[run], memory, cancellationToken).ConfigureAwait(false), memory);
    }

    /// <summary>Makes the rest of a row group the next that is read.</summary>
    private async ValueTask ResumeAsync(FilePosition position, CancellationToken cancellationToken)
    {
        var part = await _file.FindPartAsync(position.RowGroup, _planned, cancellationToken).ConfigureAwait(false);
        _part = part with
        {
            Runs = [.. part.Runs.Where(run => run.End > position.Row).Select(run => run with { First = Math.Max(run.First, position.Row) })],
        };
        _run = -1;
        _nextRow = _endRow = position.Row;
    }

    /// <summary>Reads the rows after those that are open, while those are decoded.</summary>
    private void OpenFollowingRows(CancellationToken cancellationToken)
    {
        if (!Memory.IsAhead && _rowGroup is not null && _context.FilesAhead > 0 && Memory.HasRoomAhead)
        {
            var memory = Memory.ForAhead();
            _following = FollowingRows.Begin(token => OpenRowsAfterAsync(_part, _run, memory, token), cancellationToken);
        }
    }

    private async ValueTask CloseRowsAsync()
    {
        if (_rowGroup is { } rowGroup)
        {
            _rowGroup = null;
            await rowGroup.DisposeAsync().ConfigureAwait(false);
        }

        Memory.Release(_stretchBytes);
        _stretchBytes = 0;
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

        _row = -1;
        _end = 0;
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
            $"row {_firstRow + row:N0} of row group {_part.RowGroup} has a smaller key than the row before it ({_context.Order} order), so the file cannot be "
            + "merged with others. It was sorted in another way: ingest its rows again.");

    private TableReadException Fault(string message, Exception? cause = null) =>
        new(_context.TableName, _planned.Reference.FileName, message, cause);
}
