using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Does to sorted rows what a table asks for: drops old ones, joins those with equal keys, drops old ones of what is left.</summary>
/// <remarks>
/// <code>
/// sorted rows ──▶ filter ──▶ group of one key ──▶ iterator ──▶ entries: of rows where they lie, or of joined rows in an arena
/// </code>
/// <para>Rows are folded from the left to the right in the order in which they come, so what comes out depends on the rows and their order alone, not on stretches. A
/// group that goes on in the source's next stretch is taken over into the folds before that is asked for.</para>
/// <para>Used for one source after the other (<see cref="Begin"/>); does not own it. One thread at a time. Memory is counted in the budget: <see cref="MemoryBytes"/> from the
/// start, more for joined texts and maps.</para>
/// </remarks>
internal sealed unsafe class RowTransform : IRowCursor
{
    private const int MaxEntries = 2048;
    private const int ArenaBytes = 128 * 1024;

    private readonly RowTime? _filter;
    private readonly RowTime? _iterator;
    private readonly FieldFold[]? _folds;
    private readonly bool _rowsCanGrow;
    private readonly int _maxRowBytes;
    private readonly NativeBuffer _entries;
    private readonly GrowingBytes _arena;
    private readonly GrowingBytes _key;
    private IRowCursor? _source;
    private RowEntry* _next;
    private int _left;
    private int _count;
    private bool _hasGroup;
    private bool _isFolded;
    private RowEntry _first;
    private byte* _groupKey;
    private int _groupKeyLength;

    /// <param name="iterators">What the table asks for.</param>
    /// <param name="schema">The table's fields.</param>
    /// <param name="nowMillis">The moment by which rows are old, in milliseconds since 1970.</param>
    /// <param name="skipBytes">Bytes in front of each key that are not part of the fields; rows in which they differ are not joined.</param>
    /// <param name="maxRowBytes">The longest row that joining may make.</param>
    /// <param name="budget">Has <see cref="MemoryBytes"/> free.</param>
    public RowTransform(TableIterators iterators, Schema schema, long nowMillis, int skipBytes, int maxRowBytes, MemoryBudget budget)
    {
        _filter = iterators.Filter is { } filter ? new RowTime(schema, filter, nowMillis, skipBytes) : null;
        _iterator = iterators.Iterator is { } iterator ? new RowTime(schema, iterator, nowMillis, skipBytes) : null;
        _folds = iterators.Aggregation is { } aggregation
            ? [.. schema.ValueFields.Select((field, i) => FieldFold.Create(field, aggregation.Operations[i], budget))]
            : null;
        _rowsCanGrow = schema.ValueFields.Any(f => f.Type.Kind is not (FieldTypeKind.Int or FieldTypeKind.Long));
        _maxRowBytes = maxRowBytes;
        budget.Reserve(MaxEntries * sizeof(RowEntry));
        _entries = new NativeBuffer(MaxEntries * sizeof(RowEntry), budget);
        _arena = new GrowingBytes(budget);
        _key = new GrowingBytes(budget);
        if (_folds is not null)
        {
            _arena.Reserve(ArenaBytes);
        }
    }

    /// <summary>What one takes at least.</summary>
    public static long MemoryBytes => ArenaBytes + (MaxEntries * sizeof(RowEntry)) + (64 * 1024);

    /// <summary>Goes on with another source, at its start; the one before must be at its end.</summary>
    public void Begin(IRowCursor source)
    {
        System.Diagnostics.Debug.Assert(!_hasGroup, "A source is read to its end.");
        _source = source;
        _left = 0;
    }

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        entries = (RowEntry*)_entries.Pointer;
        _count = 0;
        _arena.Clear();
        if (_folds is null)
        {
            FillFiltered();
        }
        else
        {
            FillJoined();
        }

        count = _count;
        return count > 0;
    }

    public void Dispose()
    {
        foreach (var fold in _folds ?? [])
        {
            fold.Dispose();
        }

        _entries.Dispose();
        _arena.Dispose();
        _key.Dispose();
    }

    private void FillFiltered()
    {
        while (_count < MaxEntries && (_left > 0 || (_count == 0 && _source!.MoveNext(out _next, out _left))))
        {
            if (_filter is null || _filter.Keeps(_next->Row))
            {
                Give(*_next);
            }

            Advance();
        }
    }

    /// <summary>Gives a row that the filter has seen, unless the iterator drops it; false then.</summary>
    private bool Give(RowEntry entry)
    {
        if (_iterator is not null && !_iterator.Keeps(entry.Row))
        {
            return false;
        }

        ((RowEntry*)_entries.Pointer)[_count++] = entry;
        return true;
    }

    private void FillJoined()
    {
        while (_count < MaxEntries)
        {
            if (_left == 0)
            {
                if (_hasGroup && !_isFolded)
                {
                    FoldFirst();
                }

                if (_count > 0)
                {
                    return;
                }

                if (!_source!.MoveNext(out _next, out _left))
                {
                    _left = 0;
                    EndGroup();
                    return;
                }
            }

            if (_filter is not null && !_filter.Keeps(_next->Row))
            {
                Advance();
                continue;
            }

            int header = RowFormat.ReadHeader(_next->Row, out int keyLength, out _);
            byte* key = _next->Row + header;
            if (_hasGroup && IsSameKey(key, keyLength))
            {
                Join(key + keyLength);
            }
            else
            {
                if (!EndGroup())
                {
                    return;
                }

                _hasGroup = true;
                _isFolded = false;
                _first = *_next;
                _groupKey = key;
                _groupKeyLength = keyLength;
            }

            Advance();
        }
    }

    private void Advance()
    {
        _next++;
        _left--;
    }

    private bool IsSameKey(byte* key, int keyLength) =>
        _next->Prefix == _first.Prefix && new ReadOnlySpan<byte>(key, keyLength).SequenceEqual(new ReadOnlySpan<byte>(_groupKey, _groupKeyLength));

    private void Join(byte* values)
    {
        if (!_isFolded)
        {
            FoldFirst();
        }

        foreach (var fold in _folds!)
        {
            values = fold.Fold(values);
        }

        if (_rowsCanGrow && JoinedBytes() > _maxRowBytes)
        {
            throw TooLong();
        }
    }

    /// <summary>Takes the group's first row over from where it lies.</summary>
    private void FoldFirst()
    {
        _key.Clear();
        _key.Append(_groupKey, _groupKeyLength);
        byte* values = _groupKey + _groupKeyLength;
        foreach (var fold in _folds!)
        {
            values = fold.Begin(values);
        }

        _groupKey = _key.Start;
        _isFolded = true;
    }

    private long JoinedBytes()
    {
        long bytes = _groupKeyLength;
        foreach (var fold in _folds!)
        {
            bytes += fold.ByteCount;
        }

        return bytes;
    }

    /// <summary>Gives the row of the group, if there is one. False if there is no room for it beside the rows given in this turn.</summary>
    private bool EndGroup()
    {
        if (!_hasGroup)
        {
            return true;
        }

        if (!_isFolded)
        {
            Give(_first);
        }
        else
        {
            int bytes = checked((int)(RowFormat.MaxHeaderBytes + JoinedBytes()));
            if (_count > 0 && _arena.Length + bytes > ArenaBytes)
            {
                return false;
            }

            int before = _arena.Length;
            if (!Give(WriteJoined(bytes)))
            {
                _arena.Truncate(before);
            }
        }

        _hasGroup = false;
        return true;
    }

    private RowEntry WriteJoined(int bytes)
    {
        byte* row = _arena.Reserve(bytes);
        int valueLength = checked((int)(JoinedBytes() - _groupKeyLength));
        byte* destination = row + RowFormat.WriteHeader(row, _groupKeyLength, valueLength);
        Buffer.MemoryCopy(_groupKey, destination, _groupKeyLength, _groupKeyLength);
        destination += _groupKeyLength;
        foreach (var fold in _folds!)
        {
            destination = fold.Write(destination);
        }

        _arena.Advance((int)(destination - row));
        return new RowEntry { Prefix = _first.Prefix, Row = row };
    }

    private IngestException TooLong() => new(
        $"The rows of one key add up to a row of {JoinedBytes():N0} bytes, more than the limit of {_maxRowBytes:N0} (16 MiB, and never more than an eighth of the memory budget). "
        + $"The table asks for it by its property {TableIteratorProperties.AggregationsKey}: split the key's rows by another sort key, or raise the memory budget.");
}
