using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Unicode;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>The fast way from decoded columns to encoded rows, column by column: for stretches without lists, maps, bad values or odd keys.</summary>
/// <remarks>
/// First the length of every row is added up, column by column; then each column's loop writes its value at every row's write position. What this
/// cannot do (a null in a key, a key byte that needs an escape, a long key, ill-formed text, a value that was not converted) it leaves to the plain way,
/// for the whole stretch. The plain way gives the same bytes. One worker's own.
/// </remarks>
internal sealed unsafe class FlatRowEncoder : IDisposable
{
    /// <summary>The most rows of a stretch.</summary>
    public const int MaxRows = 4096;

    private readonly FieldReader[] _fields;
    private readonly int _keyFieldCount;
    private readonly RowLimits _limits;
    private readonly bool _isPossible;
    private readonly NativeBuffer _memory = new(MaxRows * (sizeof(byte*) + (2 * sizeof(int))));
    private readonly byte** _positions;
    private readonly int* _keyLengths;
    private readonly int* _rowLengths;
    private readonly int[] _nextValue;
    private readonly RowSpan[] _spans = new RowSpan[MaxRows];

    public FlatRowEncoder(FieldReader[] fields, int keyFieldCount, KeyOrder order, RowLimits limits)
    {
        _fields = fields;
        _keyFieldCount = keyFieldCount;
        _limits = limits;
        _isPossible = order == KeyOrder.Bytes && Array.TrueForAll(fields, f => f.Field.Type.IsPrimitive && f.Values is not null);
        _positions = (byte**)_memory.Pointer;
        _keyLengths = (int*)(_positions + MaxRows);
        _rowLengths = _keyLengths + MaxRows;
        _nextValue = new int[fields.Length];
    }

    /// <summary>Looks at a new stretch: true if its rows can be encoded this way.</summary>
    public bool Accepts(int rows)
    {
        if (!_isPossible)
        {
            return false;
        }

        for (int i = 0; i < _fields.Length; i++)
        {
            if (!AcceptsField(i, rows))
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

        if (vector.ValueCount != rows && (isKey || !field.Field.IsNullable))
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
    private static bool IsText(ColumnVector vector, ReadOnlySpan<byte> bytes)
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
            bool isNullable = i >= _keyFieldCount && _fields[i].Field.IsNullable;
            if (isNullable)
            {
                AddNullableLengths(i, first, count);
            }
            else if (_fields[i].Values!.Kind == VectorKind.Bytes)
            {
                AddByteLengths(_fields[i].Values!.Offsets, first, count, isKey: i < _keyFieldCount);
            }
        }
    }

    /// <summary>Bytes that the field takes in every row; for nullable fields the presence byte.</summary>
    private int FixedWidth(int index)
    {
        var field = _fields[index];
        if (index >= _keyFieldCount && field.Field.IsNullable)
        {
            return 1;
        }

        return field.Field.Type.Kind switch
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
        var field = _fields[index];
        var vector = field.Values!;
        int value = _nextValue[index];
        for (int i = 0; i < count; i++)
        {
            if (!field.IsPresent(first + i))
            {
                continue;
            }

            switch (vector.Kind)
            {
                case VectorKind.Int32:
                    _rowLengths[i] += 4;
                    break;
                case VectorKind.Int64:
                    _rowLengths[i] += 8;
                    break;
                default:
                    int length = vector.Offsets[value + 1] - vector.Offsets[value];
                    _rowLengths[i] += RowFormat.VarintLength((uint)length) + length;
                    break;
            }

            value++;
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

    private void WriteColumns(int first, int count)
    {
        for (int i = 0; i < _fields.Length; i++)
        {
            var field = _fields[i];
            var vector = field.Values!;
            if (i < _keyFieldCount)
            {
                WriteKeys(vector, first, count);
            }
            else if (field.Field.IsNullable)
            {
                _nextValue[i] = WriteNullable(field, vector, first, count, _nextValue[i]);
            }
            else
            {
                WriteValues(vector, first, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteKeys(ColumnVector vector, int first, int count)
    {
        byte** positions = _positions;
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                for (int i = 0; i < count; i++)
                {
                    KeyEncoder.WriteInt(positions[i], vector.Ints[first + i]);
                    positions[i] += KeyEncoder.IntBytes;
                }

                break;
            case VectorKind.Int64:
                long[] longs = vector.Longs;
                for (int i = 0; i < count; i++)
                {
                    KeyEncoder.WriteLong(positions[i], longs[first + i]);
                    positions[i] += KeyEncoder.LongBytes;
                }

                break;
            default:
                fixed (byte* bytes = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    for (int i = 0; i < count; i++)
                    {
                        int start = offsets[first + i];
                        int length = offsets[first + i + 1] - start;
                        byte* destination = positions[i];
                        Copy(bytes + start, destination, length);
                        destination[length] = KeyEncoder.Terminator;
                        positions[i] = destination + length + 1;
                    }
                }

                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteValues(ColumnVector vector, int first, int count)
    {
        byte** positions = _positions;
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                for (int i = 0; i < count; i++)
                {
                    Unsafe.WriteUnaligned(positions[i], vector.Ints[first + i]);
                    positions[i] += 4;
                }

                break;
            case VectorKind.Int64:
                for (int i = 0; i < count; i++)
                {
                    Unsafe.WriteUnaligned(positions[i], vector.Longs[first + i]);
                    positions[i] += 8;
                }

                break;
            default:
                fixed (byte* bytes = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    for (int i = 0; i < count; i++)
                    {
                        int start = offsets[first + i];
                        positions[i] = WriteBytes(positions[i], bytes + start, offsets[first + i + 1] - start);
                    }
                }

                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int WriteNullable(FieldReader field, ColumnVector vector, int first, int count, int value)
    {
        byte** positions = _positions;
        fixed (byte* bytes = vector.Bytes)
        {
            for (int i = 0; i < count; i++)
            {
                byte* destination = positions[i];
                bool present = field.IsPresent(first + i);
                *destination++ = present ? (byte)1 : (byte)0;
                if (present)
                {
                    destination = WriteItem(destination, vector, value++, bytes);
                }

                positions[i] = destination;
            }
        }

        return value;
    }

    private static byte* WriteItem(byte* destination, ColumnVector vector, int index, byte* bytes)
    {
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                Unsafe.WriteUnaligned(destination, vector.Ints[index]);
                return destination + 4;
            case VectorKind.Int64:
                Unsafe.WriteUnaligned(destination, vector.Longs[index]);
                return destination + 8;
            default:
                int start = vector.Offsets[index];
                return WriteBytes(destination, bytes + start, vector.Offsets[index + 1] - start);
        }
    }

    private static byte* WriteBytes(byte* destination, byte* source, int length)
    {
        destination += RowFormat.WriteVarint(destination, (uint)length);
        Copy(source, destination, length);
        return destination + length;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndRows(RowBatch batch, LeafRouter? router, int count, int bytes)
    {
        byte* key = batch.CurrentKey;
        for (int i = 0; i < count; i++)
        {
            int leaf = router is null ? 0 : router.Route(key, _keyLengths[i]);
            _spans[i] = new RowSpan(_keyLengths[i], _rowLengths[i] - _keyLengths[i], leaf);
            key += _rowLengths[i];
        }

        batch.AddRows(_spans.AsSpan(0, count), bytes);
    }

    /// <summary>Exact, not rounded up: the next bytes of the row before may be written already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* source, byte* destination, int length)
    {
        if (length is >= 8 and <= 16)
        {
            // Two overlapping halves: most keys and short texts.
            ulong head = Unsafe.ReadUnaligned<ulong>(source);
            ulong tail = Unsafe.ReadUnaligned<ulong>(source + length - 8);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 8, tail);
            return;
        }

        if (length is > 16 and <= 32)
        {
            Vector128<byte> head = Vector128.Load(source);
            Vector128<byte> tail = Vector128.Load(source + length - 16);
            head.Store(destination);
            tail.Store(destination + length - 16);
            return;
        }

        if (length is >= 4 and < 8)
        {
            uint head = Unsafe.ReadUnaligned<uint>(source);
            uint tail = Unsafe.ReadUnaligned<uint>(source + length - 4);
            Unsafe.WriteUnaligned(destination, head);
            Unsafe.WriteUnaligned(destination + length - 4, tail);
            return;
        }

        Unsafe.CopyBlockUnaligned(destination, source, (uint)length);
    }
}
