using System.Runtime.CompilerServices;
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
internal sealed unsafe partial class RowColumnMapper : IDisposable
{
    /// <summary>The most rows of one call: 4,096 rows of 32 bytes are a quarter of a core's second-level cache.</summary>
    public const int MaxRows = 4096;

    private readonly Field[] _fields;
    private readonly int _keyFieldCount;
    private readonly KeyOrder _order;
    private readonly int _skipBytes;
    private readonly ColumnVector[] _vectors;
    private readonly int[] _firstVectorOfField;
    private readonly NativeBuffer _memory = new(MaxRows * (sizeof(byte*) + sizeof(int)));
    private readonly byte** _positions;
    private readonly int* _itemCounts;

    /// <summary>Bytes that every row was read beyond its position: fields of fixed length move this one number instead of all positions.</summary>
    private int _ahead;

    /// <summary>A mapper of rows whose keys begin with <paramref name="skipBytes"/> bytes that are not part of the fields.</summary>
    public RowColumnMapper(Schema schema, KeyOrder order, int skipBytes)
    {
        _fields = [.. schema.AllFields];
        _keyFieldCount = schema.KeyFieldCount;
        _order = order;
        _skipBytes = skipBytes;
        _positions = (byte**)_memory.Pointer;
        _itemCounts = (int*)(_positions + MaxRows);
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

    public void Dispose() => _memory.Dispose();

    /// <summary>Sets the read positions to the rows' keys; returns the bytes of all rows, which no column can exceed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindStarts(RowEntry* entries, int count)
    {
        const int Ahead = 12;
        int bytes = 0;
        _ahead = 0;
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
                MapIntKey(vector.Ints, count);
                break;
            case FieldTypeKind.Long:
                MapLongKey(vector.Longs, count);
                break;
            default:
                vector.EnsureBytes(bytes + SpareBytes);
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

    private void MapJavaKey(ColumnVector vector, int count, bool isString)
    {
        int end = 0;
        for (int i = 0; i < count; i++)
        {
            byte* key = _positions[i] + _ahead;
            int encodedLength = KeyEncoder.EncodedLength(key);
            end += KeyEncoder.Decode(key, encodedLength, vector.Bytes.AsSpan(end), isString, _order);
            _positions[i] = key + encodedLength;
            vector.Offsets[i + 1] = end;
        }

        _ahead = 0;
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
        int values = count;
        if (field.IsNullable)
        {
            vector.EnsureLevels(count, definition: true, repetition: false);
        }

        switch (vector.Kind)
        {
            case VectorKind.Int32 when field.IsNullable:
                values = MapNullableNumbers(vector.Ints, vector.DefinitionLevels, count);
                break;
            case VectorKind.Int32:
                MapNumbers(vector.Ints, count);
                break;
            case VectorKind.Int64 when field.IsNullable:
                values = MapNullableNumbers(vector.Longs, vector.DefinitionLevels, count);
                break;
            case VectorKind.Int64:
                MapNumbers(vector.Longs, count);
                break;
            default:
                vector.EnsureBytes(bytes + SpareBytes);
                if (field.IsNullable)
                {
                    values = MapNullableBytes(vector.Bytes, vector.Offsets, vector.DefinitionLevels, count);
                }
                else
                {
                    MapBytes(vector.Bytes, vector.Offsets, count);
                }

                break;
        }

        vector.ValueCount = values;
        vector.LevelCount = count;
    }

    private void MapList(Field field, ColumnVector vector, int count, int bytes)
    {
        (int items, int levels) = FindItemCounts(field.IsNullable, count);
        AddLevels(vector, field.IsNullable, count, levels);
        EnsureItems(vector, items, bytes);
        switch (vector.Kind)
        {
            case VectorKind.Int32:
                MapNumberItems(vector.Ints, count);
                break;
            case VectorKind.Int64:
                MapNumberItems(vector.Longs, count);
                break;
            default:
                fixed (byte* start = vector.Bytes)
                fixed (int* offsets = vector.Offsets)
                {
                    MapItems(new ByteArrayItems(start, offsets), default(NoItems), count);
                }

                break;
        }
    }

    private void MapMap(Field field, ColumnVector keys, ColumnVector values, int count, int bytes)
    {
        (int items, int levels) = FindItemCounts(field.IsNullable, count);
        values.Clear();
        AddLevels(keys, field.IsNullable, count, levels);
        CopyLevels(keys, values);
        EnsureItems(keys, items, bytes);
        EnsureItems(values, items, bytes);
        fixed (int* ints = keys.Ints, offsets = keys.Offsets)
        fixed (long* longs = keys.Longs)
        fixed (byte* start = keys.Bytes)
        {
            switch (keys.Kind)
            {
                case VectorKind.Int32:
                    MapEntries(new NumberItems<int>(ints), values, count);
                    break;
                case VectorKind.Int64:
                    MapEntries(new NumberItems<long>(longs), values, count);
                    break;
                default:
                    MapEntries(new ByteArrayItems(start, offsets), values, count);
                    break;
            }
        }
    }

    private void MapEntries<TKeys>(TKeys keys, ColumnVector values, int count)
        where TKeys : struct, IItems
    {
        fixed (int* ints = values.Ints, offsets = values.Offsets)
        fixed (long* longs = values.Longs)
        fixed (byte* start = values.Bytes)
        {
            switch (values.Kind)
            {
                case VectorKind.Int32:
                    MapItems(keys, new NumberItems<int>(ints), count);
                    break;
                case VectorKind.Int64:
                    MapItems(keys, new NumberItems<long>(longs), count);
                    break;
                default:
                    MapItems(keys, new ByteArrayItems(start, offsets), count);
                    break;
            }
        }
    }

    /// <summary>Room for all items of the stretch, whose count is set.</summary>
    private static void EnsureItems(ColumnVector vector, int items, int bytes)
    {
        // Loops copy numbers so many bytes at a time.
        vector.EnsureValues(items + (SpareBytes / sizeof(int)));
        if (vector.Kind == VectorKind.Bytes)
        {
            vector.EnsureBytes(bytes + SpareBytes);
        }

        vector.ValueCount = items;
    }
}
