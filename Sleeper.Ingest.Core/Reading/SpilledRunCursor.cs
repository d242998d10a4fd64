using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Walks the rows of a run on disk. Owns the run, and memory that was reserved for it in the read's budget.</summary>
internal sealed unsafe class SpilledRunCursor(SpilledRun run, Schema schema, MemoryBudget budget) : IMergeCursor
{
    private readonly MemoryBudget _memory = new(run.MemoryBytes);
    private RunCursor? _extent;
    private RowEntry* _entries;
    private int _nextExtent;
    private int _count;
    private int _row;
    private byte* _key;
    private int _keyLength;
    private int _valueLength;
    private bool _isDisposed;

    /// <summary>Rows that it has or had; for choosing short runs.</summary>
    public long RowCount => run.RowCount;

    public ReadOnlySpan<byte> Key => new(_key, _keyLength - SpilledRowFormat.OrdinalBytes);

    public int Ordinal => SpilledRowFormat.OrdinalOf(new ReadOnlySpan<byte>(_key, _keyLength));

    public bool TryMoveNext()
    {
        if (++_row >= _count)
        {
            return false;
        }

        byte* row = _entries[_row].Row;
        _key = row + RowFormat.ReadHeader(row, out _keyLength, out _valueLength);
        return true;
    }

    /// <exception cref="SpillCorruptException">The disk gave other bytes than were written.</exception>
    public ValueTask<bool> MoveToNextStretchAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(MoveToNextStretch());
    }

    public Row MakeRow() => SpilledRowFormat.Read(schema, _key + _keyLength);

    public ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _extent?.Dispose();
            budget.Release(run.MemoryBytes);
            run.Dispose();
        }

        return default;
    }

    private bool MoveToNextStretch()
    {
        while (true)
        {
            if (_extent is not null && _extent.MoveNext(out _entries, out _count))
            {
                _row = -1;
                return TryMoveNext();
            }

            _extent?.Dispose();
            _extent = null;
            if (_nextExtent == run.Extents.Count)
            {
                return false;
            }

            _extent = new RunCursor(run.Extents[_nextExtent++], _memory);
        }
    }
}
