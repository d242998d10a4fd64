using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>The fast way from decoded columns to encoded rows, column by column: for stretches without bad values or odd keys.</summary>
/// <remarks>
/// First the length of every row is added up, column by column; then each column's loop writes its value at every row's write position. What this
/// cannot do (a null in a key, a key byte that needs an escape, a long key, ill-formed text, a value that was not converted) it leaves to the plain way,
/// for the whole stretch. The plain way gives the same bytes. One worker's own.
/// </remarks>
internal sealed unsafe partial class FlatRowEncoder : IDisposable
{
    /// <summary>The most rows of a stretch.</summary>
    public const int MaxRows = 4096;

    /// <summary>The most bytes of a stretch: lengths are added up in 32 bits.</summary>
    private const long MaxBytes = 1 << 30;

    private readonly FieldReader[] _fields;
    private readonly int _keyFieldCount;
    private readonly RowLimits _limits;
    private readonly bool _isPossible;
    private readonly NativeBuffer _memory = new(MaxRows * (sizeof(byte*) + (2 * sizeof(int))));
    private readonly byte** _positions;
    private readonly int* _keyLengths;
    private readonly int* _rowLengths;
    private readonly int[] _nextValue;
    private readonly bool[] _hasNulls;
    private readonly ItemsEncoder?[] _items;

    public FlatRowEncoder(FieldReader[] fields, int keyFieldCount, KeyOrder order, RowLimits limits)
    {
        _fields = fields;
        _keyFieldCount = keyFieldCount;
        _limits = limits;
        _isPossible = order == KeyOrder.Bytes && Array.TrueForAll(fields, f => f.Values is not null);
        _positions = (byte**)_memory.Pointer;
        _keyLengths = (int*)(_positions + MaxRows);
        _rowLengths = _keyLengths + MaxRows;
        _nextValue = new int[fields.Length];
        _hasNulls = new bool[fields.Length];
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
            bytes += MostBytes(_fields[i].Values!, rows) + (_fields[i].EntryValues is { } entries ? MostBytes(entries, rows) : 0);
            if (bytes > MaxBytes || !AcceptsField(i, rows))
            {
                return false;
            }
        }

        Array.Clear(_nextValue);
        return true;
    }

    /// <summary>Encodes rows from <paramref name="first"/> on, as many as the batch has room for; returns how many. 0: the batch is full.</summary>
    public int Encode(RowBatch batch, LeafRouter? router, int first, int rows)
    {
        int count = Math.Min(rows - first, batch.FreeRows);
        AddLengths(first, count);
        count = FindStarts(batch, count, out int bytes);
        if (count == 0)
        {
            return 0;
        }

        WriteColumns(first, count);
        EndRows(batch, router, count, bytes);
        return count;
    }

    public void Dispose() => _memory.Dispose();

    private bool AcceptsField(int index, int rows)
    {
        var field = _fields[index];
        var vector = field.Values!;
        bool isKey = index < _keyFieldCount;
        if (field.HasFaults)
        {
            return false;
        }

        if (_items[index] is { } items)
        {
            return items.Accepts(rows);
        }

        _hasNulls[index] = vector.ValueCount != rows;
        if (_hasNulls[index] && (isKey || !field.Field.IsNullable))
        {
            return false;
        }

        if (vector.Kind != VectorKind.Bytes)
        {
            return true;
        }

        var bytes = vector.Bytes.AsSpan(0, vector.ByteCount);
        return (!isKey || AcceptsKeys(vector, bytes)) && (field.Field.Type.Kind != FieldTypeKind.String || IsText(vector, bytes));
    }

    /// <summary>No less than what a column adds to all rows: a presence byte, a count and a length each take no more than 11 bytes.</summary>
    private static long MostBytes(ColumnVector vector, int rows) => vector.ByteCount + (8L * vector.ValueCount) + (11L * rows);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool AcceptsKeys(ColumnVector vector, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOfAnyInRange((byte)0, (byte)1) >= 0)
        {
            return false;
        }

        int[] offsets = vector.Offsets;
        int longest = 0;
        for (int i = 0; i < vector.ValueCount; i++)
        {
            longest = Math.Max(longest, offsets[i + 1] - offsets[i]);
        }

        return longest <= _limits.MaxKeyFieldBytes;
    }

    /// <summary>All values together are looked at in one sweep; only if that is not plain ASCII must each value begin with a whole character.</summary>
    internal static bool IsText(ColumnVector vector, ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return true;
        }

        if (!Utf8.IsValid(bytes))
        {
            return false;
        }

        for (int i = 1; i < vector.ValueCount; i++)
        {
            int start = vector.Offsets[i];
            if (start < bytes.Length && (bytes[start] & 0xC0) == 0x80)
            {
                return false;
            }
        }

        return true;
    }

    private void AddLengths(int first, int count)
    {
        int fixedKey = 0;
        int fixedValue = 0;
        for (int i = 0; i < _fields.Length; i++)
        {
            int width = FixedWidth(i);
            (i < _keyFieldCount ? ref fixedKey : ref fixedValue) += width;
        }

        new Span<int>(_keyLengths, count).Fill(fixedKey);
        new Span<int>(_rowLengths, count).Fill(fixedKey + fixedValue);
        for (int i = 0; i < _fields.Length; i++)
        {
            if (_items[i] is { } items)
            {
                items.AddLengths(first, count, _rowLengths);
            }
            else if (_hasNulls[i])
            {
                AddNullableLengths(i, first, count);
            }
            else if (_fields[i].Values!.Kind == VectorKind.Bytes)
            {
                AddByteLengths(_fields[i].Values!.Offsets, first, count, isKey: i < _keyFieldCount);
            }
        }
    }

    /// <summary>Bytes that the field takes in every row; where it has nulls, or items, the rest is added row by row.</summary>
    private int FixedWidth(int index)
    {
        if (_items[index] is not null)
        {
            return 0;
        }

        var field = _fields[index].Field;
        int presence = index >= _keyFieldCount && field.IsNullable ? 1 : 0;
        return _hasNulls[index] ? presence : presence + field.Type.Kind switch
        {
            FieldTypeKind.Int => 4,
            FieldTypeKind.Long => 8,
            _ => 1,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddByteLengths(int[] offsets, int first, int count, bool isKey)
    {
        for (int i = 0; i < count; i++)
        {
            int length = offsets[first + i + 1] - offsets[first + i];
            if (isKey)
            {
                _keyLengths[i] += length;
            }
            else if (length >= 0x80)
            {
                // One byte of the length's varint is in the fixed part.
                length += RowFormat.VarintLength((uint)length) - 1;
            }

            _rowLengths[i] += length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddNullableLengths(int index, int first, int count)
    {
        var vector = _fields[index].Values!;
        ReadOnlySpan<byte> levels = vector.DefinitionLevels.AsSpan(first, count);
        int present = _fields[index].PresentLevel;
        if (vector.Kind != VectorKind.Bytes)
        {
            int width = vector.Kind == VectorKind.Int32 ? sizeof(int) : sizeof(long);
            for (int i = 0; i < levels.Length; i++)
            {
                _rowLengths[i] += levels[i] == present ? width : 0;
            }

            return;
        }

        int[] offsets = vector.Offsets;
        int value = _nextValue[index];
        for (int i = 0; i < levels.Length; i++)
        {
            if (levels[i] == present)
            {
                int length = offsets[value + 1] - offsets[value];
                _rowLengths[i] += length < 0x80 ? length + 1 : length + RowFormat.VarintLength((uint)length);
                value++;
            }
        }
    }

    /// <summary>Sets the write positions of the rows that fit; returns how many do, and their bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindStarts(RowBatch batch, int count, out int bytes)
    {
        int fitting = 0;
        bytes = 0;
        int free = batch.FreeBytes;
        while (fitting < count && _rowLengths[fitting] <= free - bytes && _rowLengths[fitting] <= _limits.MaxRowBytes)
        {
            bytes += _rowLengths[fitting++];
        }

        byte* start = batch.ReserveRows(bytes);
        for (int i = 0; i < fitting; i++)
        {
            _positions[i] = start;
            start += _rowLengths[i];
        }

        return fitting;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndRows(RowBatch batch, LeafRouter? router, int count, int bytes)
    {
        byte* key = batch.CurrentKey;
        var spans = batch.ReserveSpans(count);
        for (int i = 0; i < count; i++)
        {
            int leaf = router is null ? 0 : router.Route(key, _keyLengths[i]);
            spans[i] = new RowSpan(_keyLengths[i], _rowLengths[i] - _keyLengths[i], leaf);
            key += _rowLengths[i];
        }

        batch.AddRows(count, bytes);
    }
}
