using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Turns encoded rows into column vectors, a few thousand rows at a time, column by column.</summary>
/// <remarks>
/// <para>Each row has a read position, which each column's loop moves on: so a loop does one thing for all rows, and the rows stay in the
/// cache from one column to the next. A list gives one leaf column, a map two; levels are those of Sleeper's Parquet layout.</para>
/// <para>The vectors are reused by the next call. One thread at a time.</para>
/// </remarks>
internal sealed unsafe class RowColumnMapper : IDisposable
{
    /// <summary>The most rows of one call: 4,096 rows of 32 bytes are a quarter of a core's second-level cache.</summary>
    public const int MaxRows = 4096;

    private readonly Field[] _fields;
    private readonly int _keyFieldCount;
    private readonly KeyOrder _order;
    private readonly int _skipBytes;
    private readonly ColumnVector[] _vectors;
    private readonly int[] _firstVectorOfField;
    private readonly NativeBuffer _positionBuffer = new(MaxRows * sizeof(byte*));
    private readonly byte** _positions;

    /// <summary>A mapper of rows whose keys begin with <paramref name="skipBytes"/> bytes that are not part of the fields.</summary>
    public RowColumnMapper(Schema schema, KeyOrder order, int skipBytes)
    {
        _fields = [.. schema.AllFields];
        _keyFieldCount = schema.KeyFieldCount;
        _order = order;
        _skipBytes = skipBytes;
        _positions = (byte**)_positionBuffer.Pointer;
        _firstVectorOfField = new int[_fields.Length];
        var vectors = new List<ColumnVector>();
        for (int i = 0; i < _fields.Length; i++)
        {
            _firstVectorOfField[i] = vectors.Count;
            var type = _fields[i].Type;
            switch (type.Kind)
            {
                case FieldTypeKind.List:
                    vectors.Add(new ColumnVector(KindOf(type.ElementType!)));
                    break;
                case FieldTypeKind.Map:
                    vectors.Add(new ColumnVector(KindOf(type.KeyType!)));
                    vectors.Add(new ColumnVector(KindOf(type.ValueType!)));
                    break;
                default:
                    vectors.Add(new ColumnVector(KindOf(type)));
                    break;
            }
        }

        _vectors = [.. vectors];
    }

    /// <summary>One vector for each leaf column, in the order of the columns.</summary>
    public IReadOnlyList<ColumnVector> Vectors => _vectors;

    public static VectorKind KindOf(FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => VectorKind.Int32,
        FieldTypeKind.Long => VectorKind.Int64,
        _ => VectorKind.Bytes,
    };

    /// <summary>Fills the vectors with these rows, at most <see cref="MaxRows"/>.</summary>
    public void Map(RowEntry* entries, int count)
    {
        int bytes = FindStarts(entries, count);
        for (int i = 0; i < _fields.Length; i++)
        {
            var vector = _vectors[_firstVectorOfField[i]];
            vector.Clear();
            if (i < _keyFieldCount)
            {
                MapKey(_fields[i].Type, vector, count, bytes);
            }
            else
            {
                MapValue(_fields[i], vector, i, count, bytes);
            }
        }
    }

    public void Dispose() => _positionBuffer.Dispose();

    /// <summary>Sets the read positions to the rows' keys; returns the bytes of all rows, which no column can exceed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindStarts(RowEntry* entries, int count)
    {
        const int Ahead = 12;
        int bytes = 0;
        for (int i = 0; i < count; i++)
        {
            Prefetch.Line(entries[Math.Min(i + Ahead, count - 1)].Row);

            byte* row = entries[i].Row;
            int header = RowFormat.ReadHeader(row, out int keyLength, out int valueLength);
            _positions[i] = row + header + _skipBytes;
            bytes = checked(bytes + keyLength + valueLength);
        }

        return bytes;
    }

    private void MapKey(FieldType type, ColumnVector vector, int count, int bytes)
    {
        vector.EnsureValues(count);
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                for (int i = 0; i < count; i++)
                {
                    vector.Ints[i] = KeyEncoder.ReadInt(_positions[i]);
                    _positions[i] += KeyEncoder.IntBytes;
                }

                break;
            case FieldTypeKind.Long:
                MapLongKey(vector.Longs, count);
                break;
            default:
                vector.EnsureBytes(bytes + Vector128<byte>.Count);
                if (_order == KeyOrder.Bytes)
                {
                    MapBytesKey(vector.Bytes, vector.Offsets, count);
                }
                else
                {
                    MapJavaKey(vector, count, type.Kind == FieldTypeKind.String);
                }

                break;
        }

        vector.ValueCount = count;
        vector.LevelCount = count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapLongKey(long[] values, int count)
    {
        byte** positions = _positions;
        fixed (long* destination = values)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = KeyEncoder.ReadLong(positions[i]);
                positions[i] += KeyEncoder.LongBytes;
            }
        }
    }

    /// <summary>Copies keys 16 bytes at a time up to the terminator, undoing escapes where there are any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapBytesKey(byte[] bytes, int[] offsets, int count)
    {
        byte** positions = _positions;
        fixed (byte* start = bytes)
        fixed (int* ends = offsets)
        {
            byte* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i];
                while (true)
                {
                    Vector128<byte> next = Vector128.Load(source);
                    next.Store(destination);
                    uint special = Vector128.LessThan(next, Vector128.Create((byte)2)).ExtractMostSignificantBits();
                    if (special == 0)
                    {
                        source += 16;
                        destination += 16;
                        continue;
                    }

                    int plain = BitOperations.TrailingZeroCount(special);
                    source += plain;
                    destination += plain;
                    if (*source == KeyEncoder.Terminator)
                    {
                        source++;
                        break;
                    }

                    *destination++ = (byte)(source[1] - 1);
                    source += 2;
                }

                positions[i] = source;
                ends[i + 1] = (int)(destination - start);
            }
        }
    }

    private void MapJavaKey(ColumnVector vector, int count, bool isString)
    {
        int end = 0;
        for (int i = 0; i < count; i++)
        {
            int encodedLength = KeyEncoder.EncodedLength(_positions[i]);
            end += KeyEncoder.Decode(_positions[i], encodedLength, vector.Bytes.AsSpan(end), isString, _order);
            _positions[i] += encodedLength;
            vector.Offsets[i + 1] = end;
        }
    }

    private void MapValue(Field field, ColumnVector vector, int fieldIndex, int count, int bytes)
    {
        switch (field.Type.Kind)
        {
            case FieldTypeKind.List:
                MapList(field, vector, count, bytes);
                break;
            case FieldTypeKind.Map:
                MapMap(field, vector, _vectors[_firstVectorOfField[fieldIndex] + 1], count, bytes);
                break;
            default:
                MapPrimitive(field, vector, count, bytes);
                break;
        }
    }

    private void MapPrimitive(Field field, ColumnVector vector, int count, int bytes)
    {
        vector.EnsureValues(count);
        if (field.Type.Kind >= FieldTypeKind.String)
        {
            vector.EnsureBytes(bytes + Vector128<byte>.Count);
        }

        int values = count;
        if (field.IsNullable)
        {
            values = MapNullable(field.Type.Kind, vector, count);
        }
        else
        {
            switch (field.Type.Kind)
            {
                case FieldTypeKind.Int:
                    MapInts(vector.Ints, count);
                    break;
                case FieldTypeKind.Long:
                    MapLongs(vector.Longs, count);
                    break;
                default:
                    MapBytes(vector.Bytes, vector.Offsets, count);
                    break;
            }
        }

        vector.ValueCount = values;
        vector.LevelCount = count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapInts(int[] values, int count)
    {
        byte** positions = _positions;
        for (int i = 0; i < count; i++)
        {
            values[i] = Unsafe.ReadUnaligned<int>(positions[i]);
            positions[i] += 4;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapLongs(long[] values, int count)
    {
        byte** positions = _positions;
        for (int i = 0; i < count; i++)
        {
            values[i] = Unsafe.ReadUnaligned<long>(positions[i]);
            positions[i] += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapBytes(byte[] bytes, int[] offsets, int count)
    {
        byte** positions = _positions;
        fixed (byte* start = bytes)
        fixed (int* ends = offsets)
        {
            byte* destination = start;
            for (int i = 0; i < count; i++)
            {
                byte* source = positions[i];
                int length = ReadLength(ref source);
                Copy(source, destination, length);
                destination += length;
                positions[i] = source + length;
                ends[i + 1] = (int)(destination - start);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int MapNullable(FieldTypeKind kind, ColumnVector vector, int count)
    {
        vector.EnsureLevels(count, definition: true, repetition: false);
        byte[] levels = vector.DefinitionLevels;
        int values = 0;
        fixed (byte* bytes = vector.Bytes)
        {
            for (int i = 0; i < count; i++)
            {
                byte* source = _positions[i];
                byte present = *source++;
                levels[i] = present;
                if (present != 0)
                {
                    ReadPrimitive(kind, ref source, vector, values++, bytes);
                }

                _positions[i] = source;
            }
        }

        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapList(Field field, ColumnVector vector, int count, int bytes)
    {
        byte present = field.IsNullable ? (byte)1 : (byte)0;
        var kind = field.Type.ElementType!.Kind;
        EnsureItemBytes(kind, vector, bytes);
        fixed (byte* start = vector.Bytes)
        {
            for (int i = 0; i < count; i++)
            {
                byte* source = _positions[i];
                int items = ReadItemCount(field.IsNullable, ref source);
                AddLevels(vector, items, present);
                vector.EnsureValues(Math.Max(0, items));
                for (int item = 0; item < items; item++)
                {
                    ReadPrimitive(kind, ref source, vector, vector.ValueCount, start);
                    vector.ValueCount++;
                }

                _positions[i] = source;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MapMap(Field field, ColumnVector keys, ColumnVector values, int count, int bytes)
    {
        byte present = field.IsNullable ? (byte)1 : (byte)0;
        var keyKind = field.Type.KeyType!.Kind;
        var valueKind = field.Type.ValueType!.Kind;
        values.Clear();
        EnsureItemBytes(keyKind, keys, bytes);
        EnsureItemBytes(valueKind, values, bytes);
        fixed (byte* keyStart = keys.Bytes, valueStart = values.Bytes)
        {
            for (int i = 0; i < count; i++)
            {
                byte* source = _positions[i];
                int items = ReadItemCount(field.IsNullable, ref source);
                AddLevels(keys, items, present);
                AddLevels(values, items, present);
                keys.EnsureValues(Math.Max(0, items));
                values.EnsureValues(Math.Max(0, items));
                for (int item = 0; item < items; item++)
                {
                    ReadPrimitive(keyKind, ref source, keys, keys.ValueCount, keyStart);
                    keys.ValueCount++;
                    ReadPrimitive(valueKind, ref source, values, values.ValueCount, valueStart);
                    values.ValueCount++;
                }

                _positions[i] = source;
            }
        }
    }

    private static void EnsureItemBytes(FieldTypeKind kind, ColumnVector vector, int bytes)
    {
        if (kind >= FieldTypeKind.String)
        {
            vector.EnsureBytes(bytes + Vector128<byte>.Count);
        }
    }

    /// <summary>The number of items, or -1 for null.</summary>
    private static int ReadItemCount(bool isNullable, ref byte* source) =>
        isNullable && *source++ == 0 ? -1 : ReadLength(ref source);

    /// <summary>The levels of one list or map: null is (0, 0), empty (0, present), items (0 then 1, present + 1).</summary>
    private static void AddLevels(ColumnVector vector, int items, byte present)
    {
        vector.EnsureLevels(Math.Max(1, items), definition: true, repetition: true);
        int at = vector.LevelCount;
        if (items <= 0)
        {
            vector.RepetitionLevels[at] = 0;
            vector.DefinitionLevels[at] = items < 0 ? (byte)0 : present;
            vector.LevelCount = at + 1;
            return;
        }

        vector.RepetitionLevels.AsSpan(at, items).Fill(1);
        vector.RepetitionLevels[at] = 0;
        vector.DefinitionLevels.AsSpan(at, items).Fill((byte)(present + 1));
        vector.LevelCount = at + items;
    }

    private static void ReadPrimitive(FieldTypeKind kind, ref byte* source, ColumnVector vector, int index, byte* bytes)
    {
        switch (kind)
        {
            case FieldTypeKind.Int:
                vector.Ints[index] = Unsafe.ReadUnaligned<int>(source);
                source += 4;
                break;
            case FieldTypeKind.Long:
                vector.Longs[index] = Unsafe.ReadUnaligned<long>(source);
                source += 8;
                break;
            default:
                int length = ReadLength(ref source);
                int start = vector.Offsets[index];
                Copy(source, bytes + start, length);
                source += length;
                vector.Offsets[index + 1] = start + length;
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadLength(ref byte* source)
    {
        int length = *source;
        if (length < 0x80)
        {
            source++;
            return length;
        }

        source += RowFormat.ReadVarint(source, out uint value);
        return (int)value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* source, byte* destination, int length)
    {
        if (length > 128)
        {
            Buffer.MemoryCopy(source, destination, length, length);
            return;
        }

        // Source and destination both have 16 bytes to spare.
        for (int i = 0; i < length; i += 16)
        {
            Vector128.Load(source + i).Store(destination + i);
        }
    }
}
