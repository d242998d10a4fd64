using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Writes rows that come in key order into a run on disk, a slab at a time. See <see cref="SpilledRowFormat"/>.</summary>
/// <remarks>
/// Takes <see cref="MemoryBytes"/>, which the caller has reserved; a single row longer than a slab takes more for that moment. Owns the file until
/// <see cref="Finish"/> gives the run.
/// </remarks>
internal sealed unsafe class SpilledRunWriter : IDisposable
{
    private readonly MemoryBudget _memory = new(long.MaxValue);
    private readonly SpillFile _file;
    private readonly SpillWriter _writer;
    private readonly RowBatch _row;
    private readonly List<SpillExtent> _extents = [];
    private readonly int _slabBytes;
    private NativeBuffer _slab;
    private int _filled;
    private int _rows;
    private bool _isFinished;

    public SpilledRunWriter(SpillFile file, SpillSizes sizes)
    {
        _file = file;
        _slabBytes = sizes.SlabBytes;
        _writer = new SpillWriter(file, _memory, sizes.BlockBytes);
        _row = new RowBatch(_memory, sizes.BlockBytes, 1);
        _slab = ReservedMemory.Take(_memory, _slabBytes);
    }

    /// <summary>The memory that a writer takes.</summary>
    public static long MemoryBytes(SpillSizes sizes) => SpillWriter.BufferBytes(sizes.BlockBytes) + sizes.BlockBytes + sizes.SlabBytes;

    /// <summary>Appends the present row of a cursor.</summary>
    /// <exception cref="IngestException">The disk is full or failed.</exception>
    public void Append(IMergeCursor cursor)
    {
        _row.Clear();
        SpilledRowFormat.Write(_row, cursor.Key, cursor.Ordinal, cursor.MakeRow());
        int keyLength = _row.CurrentKeyBytes;
        int valueLength = _row.CurrentRowBytes - keyLength;
        int length = RowFormat.HeaderLength(keyLength, valueLength) + keyLength + valueLength;
        if (_filled + length > _slab.LengthBytes)
        {
            Flush();
            if (length > _slab.LengthBytes)
            {
                _slab.Dispose();
                _slab = ReservedMemory.Take(_memory, length);
            }
        }

        byte* destination = _slab.Pointer + _filled;
        destination += RowFormat.WriteHeader(destination, keyLength, valueLength);
        Buffer.MemoryCopy(_row.Start, destination, keyLength + valueLength, keyLength + valueLength);
        _filled += length;
        _rows++;
    }

    /// <summary>Writes what is left. The file then belongs to the run.</summary>
    public SpilledRun Finish()
    {
        Flush();
        _isFinished = true;
        return new SpilledRun(_file, _extents);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _row.Dispose();
        _slab.Dispose();
        if (!_isFinished)
        {
            _file.Dispose();
        }
    }

    private void Flush()
    {
        if (_rows > 0)
        {
            using var rows = new SlabCursor(_slab.Pointer, _filled, _rows);
            _extents.Add(_writer.AppendRun((uint)_extents.Count, rows));
        }

        _filled = 0;
        _rows = 0;
    }

    /// <summary>The rows of a slab as one stretch.</summary>
    private sealed class SlabCursor(byte* rows, int length, int count) : IRowCursor
    {
        private readonly NativeBuffer _entries = new((nint)count * sizeof(RowEntry));
        private bool _isGiven;

        public bool MoveNext(out RowEntry* entries, out int entryCount)
        {
            entries = (RowEntry*)_entries.Pointer;
            entryCount = _isGiven ? 0 : EntryBuilder.Build(rows, length, entries);
            return !_isGiven && (_isGiven = true);
        }

        public void Dispose() => _entries.Dispose();
    }
}
