using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>The fast way from decoded columns to encoded rows, column by column: for stretches without bad values or odd keys.</summary>
/// <remarks>
/// First the length of every row is added up, column by column; then each column's loop writes its value at every row's write position, a block of rows
/// at a time. What this cannot do (a null in a key, a key byte that needs an escape, a long key, ill-formed text, a value that was not converted) it
/// leaves to the plain way, for the whole stretch. The plain way gives the same bytes. One worker's own.
/// </remarks>
internal sealed unsafe class FlatRowEncoder : IDisposable
{
    /// <summary>The most rows of a stretch.</summary>
    public const int MaxRows = 4096;

    /// <summary>The most bytes of a stretch: lengths are added up in 32 bits.</summary>
    private const long MaxBytes = 1 << 30;

    /// <summary>All columns of a block are written before the next block, so that its rows stay in the first cache.</summary>
    private const int BlockBytes = 24 << 10;

    /// <summary>Below this, going from column to column takes longer than writing.</summary>
    private const int MinBlockRows = 32;

    private readonly FieldReader[] _fields;
    private readonly int _keyFieldCount;
    private readonly RowLimits _limits;
    private readonly bool _isPossible;
    private readonly NativeBuffer _memory = new(MaxRows * (sizeof(byte*) + (2 * sizeof(int))));
    private readonly byte** _positions;
    private readonly int* _keyLengths;
    private readonly int* _rowLengths;
    private readonly FlatField?[] _flat;
    private readonly ItemsEncoder?[] _items;

    /// <summary>True if all rows of the stretch have one length, and so have their keys.</summary>
    private bool _isEven;

    public FlatRowEncoder(FieldReader[] fields, int keyFieldCount, KeyOrder order, RowLimits limits)
    {
        _fields = fields;
        _keyFieldCount = keyFieldCount;
        _limits = limits;
        _isPossible = order == KeyOrder.Bytes && Array.TrueForAll(fields, f => f.Values is not null);
        _positions = (byte**)_memory.Pointer;
        _keyLengths = (int*)(_positions + MaxRows);
        _rowLengths = _keyLengths + MaxRows;
        _flat = [.. fields.Select((f, i) => f.Field.Type.IsPrimitive && f.Values is not null ? new FlatField(f, i < keyFieldCount, limits.MaxKeyFieldBytes) : null)];
        _items = [.. fields.Select(f => f.Field.Type.IsPrimitive || f.Values is null ? null : new ItemsEncoder(f))];
    }

    /// <summary>Looks at a new stretch: true if its rows can be encoded this way.</summary>
    public bool Accepts(int rows)
    {
        if (!_isPossible)
        {
            return false;
        }

        long bytes = 0;
        for (int i = 0; i < _fields.Length; i++)
        {
            var field = _fields[i];
            bytes += MostBytes(field.Values!, rows) + (field.EntryValues is { } entries ? MostBytes(entries, rows) : 0);
            if (bytes > MaxBytes || field.HasFaults || !(_items[i]?.Accepts(rows) ?? _flat[i]!.Accepts(rows)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Encodes rows from <paramref name="first"/> on, as many as the batch has room for; returns how many. 0: the batch is full. Told of rows without a leaf.</summary>
    public int Encode(RowBatch batch, LeafRouter? router, int first, int rows, Action<int, RowFault> reject)
    {
        int count = Math.Min(rows - first, batch.FreeRows);
        AddLengths(first, count);
        count = FindStarts(batch, count, out int bytes);
        if (count == 0)
        {
            return 0;
        }

        int blockRows = Math.Max(MinBlockRows, BlockBytes / Math.Max(1, bytes / count));
        for (int done = 0; done < count; done += blockRows)
        {
            WriteBlock(first + done, Math.Min(blockRows, count - done), _positions + done);
        }

        EndRows(batch, router, first, count, bytes, reject);
        return count;
    }

    public void Dispose() => _memory.Dispose();

    /// <summary>No less than what a column adds to all rows: a presence byte, a count and a length each take no more than 11 bytes.</summary>
    private static long MostBytes(ColumnVector vector, int rows) => vector.ByteCount + (8L * vector.ValueCount) + (11L * rows);

    /// <summary>Sets the lengths of rows and keys; of the first alone if all rows have the same.</summary>
    private void AddLengths(int first, int count)
    {
        int fixedKey = 0;
        int fixedValue = 0;
        _isEven = true;
        for (int i = 0; i < _fields.Length; i++)
        {
            (i < _keyFieldCount ? ref fixedKey : ref fixedValue) += _flat[i]?.FixedBytes ?? 0;
            _isEven &= _flat[i] is { IsFixed: true };
        }

        int filled = _isEven ? 1 : count;
        new Span<int>(_keyLengths, filled).Fill(fixedKey);
        new Span<int>(_rowLengths, filled).Fill(fixedKey + fixedValue);
        for (int i = 0; !_isEven && i < _fields.Length; i++)
        {
            _items[i]?.AddLengths(first, count, _rowLengths);
            _flat[i]?.AddLengths(first, count, _keyLengths, _rowLengths);
        }
    }

    /// <summary>Sets the write positions of the rows that fit; returns how many do, and their bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindStarts(RowBatch batch, int count, out int bytes)
    {
        int fitting = 0;
        bytes = 0;
        int free = batch.FreeBytes;
        if (_isEven)
        {
            fitting = *_rowLengths > _limits.MaxRowBytes ? 0 : Math.Min(count, free / Math.Max(1, *_rowLengths));
            bytes = fitting * *_rowLengths;
        }
        else
        {
            while (fitting < count && _rowLengths[fitting] <= free - bytes && _rowLengths[fitting] <= _limits.MaxRowBytes)
            {
                bytes += _rowLengths[fitting++];
            }
        }

        byte* start = batch.ReserveRows(bytes);
        int step = _isEven ? 0 : 1;
        int* length = _rowLengths;
        for (int i = 0; i < fitting; i++, length += step)
        {
            _positions[i] = start;
            start += *length;
        }

        return fitting;
    }

    private void WriteBlock(int first, int count, byte** positions)
    {
        int ahead = 0;
        for (int i = 0; i < _flat.Length; i++)
        {
            if (_items[i] is { } items)
            {
                items.Write(first, count, positions, ahead);
                ahead = 0;
            }
            else
            {
                _flat[i]!.Write(first, count, positions, ref ahead);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndRows(RowBatch batch, LeafRouter? router, int first, int count, int bytes, Action<int, RowFault> reject)
    {
        var spans = batch.ReserveSpans(count);
        if (_isEven && router is null)
        {
            // Not by the base library's fill, which runs unoptimised for the first rounds of a process.
            var span = new RowSpan(*_keyLengths, *_rowLengths - *_keyLengths, 0);
            for (int i = 0; i < spans.Length; i++)
            {
                spans[i] = span;
            }
        }
        else
        {
            byte* key = batch.CurrentKey;
            int step = _isEven ? 0 : 1;
            int* keyLength = _keyLengths;
            int* rowLength = _rowLengths;
            for (int i = 0; i < count; i++, keyLength += step, rowLength += step)
            {
                int leaf = router is null ? 0 : router.Route(key, *keyLength);
                if (leaf < 0)
                {
                    reject(first + i, router!.ExplainRefusal(key, *keyLength));
                }

                spans[i] = new RowSpan(*keyLength, *rowLength - *keyLength, leaf);
                key += *rowLength;
            }
        }

        batch.AddRows(count, bytes);
    }
}
