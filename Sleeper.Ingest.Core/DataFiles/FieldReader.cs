using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Walks the decoded columns of one field, row by row, and writes each row's value into a <see cref="RowBatch"/>.</summary>
/// <remarks>The vectors are those of one stretch of rows; <see cref="Restart"/> after each stretch. One thread at a time.</remarks>
internal sealed class FieldReader
{
    private readonly FieldColumns _columns;
    private readonly Field _field;
    private readonly int _fieldLevel;
    private readonly int _itemLevel;
    private readonly int _presentLevel;
    private int _level;
    private int _value;
    private int _entryLevel;
    private int _entryValue;

    public FieldReader(FieldColumns columns)
    {
        _columns = columns;
        _field = columns.Field;
        _fieldLevel = columns.Node?.Repetition == Parquet.Metadata.Repetition.Repeated ? 0 : columns.Node?.MaxDefinitionLevel ?? 0;
        _presentLevel = columns.Column?.MaxDefinitionLevel ?? 0;
        _itemLevel = columns.Repeated?.MaxDefinitionLevel ?? 0;
        Values = columns.Column is null ? null : new ColumnVector(columns.Column.VectorKind);
        EntryValues = columns.ValueColumn is null ? null : new ColumnVector(columns.ValueColumn.VectorKind);
    }

    public Field Field => _field;

    /// <summary>The column of values, elements or keys; null if the file does not have it.</summary>
    public ColumnVector? Values { get; }

    /// <summary>The column of a map's values.</summary>
    public ColumnVector? EntryValues { get; }

    public int? ColumnIndex => _columns.Column?.Index;

    public int? EntryColumnIndex => _columns.ValueColumn?.Index;

    /// <summary>True if the column's values lie as wide as the field's are: no widening is needed.</summary>
    public bool HasExactWidth => Values is not null && Values.Kind == RowColumnMapper.KindOf(_field.Type);

    /// <summary>Whether a row of the stretch has a value; for fields of one value a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsPresent(int row) => _presentLevel == 0 || Values!.DefinitionLevels[row] == _presentLevel;

    public void Restart()
    {
        _level = 0;
        _value = 0;
        _entryLevel = 0;
        _entryValue = 0;
    }

    /// <summary>Moves past the first rows of the stretch; for fields of one value a row.</summary>
    public void SkipFlat(int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            _value += IsPresent(row) ? 1 : 0;
        }

        _level = rows;
    }

    /// <summary>Writes the next row's value as a key; returns what is wrong with it, or null. A faulty value is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public string? WriteKey(RowBatch batch, KeyOrder order, int maxBytes)
    {
        if (!NextIsPresent())
        {
            return "the column holds null, but a key is never null; fill it or leave the row out";
        }

        int index = _value++;
        switch (_field.Type.Kind)
        {
            case FieldTypeKind.Int:
                ValueEncoder.WriteKey(batch, Values!.Ints[index]);
                return null;
            case FieldTypeKind.Long:
                ValueEncoder.WriteKey(batch, LongAt(Values!, index));
                return null;
            default:
                bool isString = _field.Type.Kind == FieldTypeKind.String;
                var bytes = Values!.BytesAt(index);
                return isString && !Utf8.IsValid(bytes)
                    ? IllFormedUtf8
                    : ValueEncoder.WriteKey(batch, bytes, isString, order, maxBytes);
        }
    }

    /// <summary>Writes the next row's value; returns what is wrong with it, or null. A faulty value is passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public string? WriteValue(RowBatch batch)
    {
        if (Values is null)
        {
            ValueEncoder.WritePresence(batch, present: false);
            return null;
        }

        return _field.Type.Kind switch
        {
            FieldTypeKind.List => WriteList(batch),
            FieldTypeKind.Map => WriteMap(batch),
            _ => WritePrimitive(batch),
        };
    }

    private const string IllFormedUtf8 = "the bytes in the column are not well-formed UTF-8; write the file again with text, or declare the field as a byte array";
    private const string NullValue = "the column holds null, but the field is not nullable; fill it or declare the field nullable";

    private static long LongAt(ColumnVector vector, int index) => vector.Kind == VectorKind.Int32 ? vector.Ints[index] : vector.Longs[index];

    private bool NextIsPresent() =>
        _presentLevel == 0 || Values!.DefinitionLevels[_level++] == _presentLevel;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? WritePrimitive(RowBatch batch)
    {
        if (!NextIsPresent())
        {
            return WriteNull(batch);
        }

        WritePresent(batch);
        return WriteItem(batch, _field.Type, Values!, _value++);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? WriteList(RowBatch batch)
    {
        int first = _level;
        int items = ItemsOfRow(Values!, ref _level);
        if (Values!.DefinitionLevels[first] < _fieldLevel)
        {
            return WriteNull(batch);
        }

        WritePresent(batch);
        ValueEncoder.WriteCount(batch, items);
        string? reason = null;
        for (int i = 0; i < items; i++)
        {
            if (Values.DefinitionLevels[first + i] < _presentLevel)
            {
                reason ??= $"element {i} of the list is null, and list elements are never null";
                continue;
            }

            reason ??= batch.HasRoom(sizeof(long))
                ? WriteItem(batch, _field.Type.ElementType!, Values, _value)
                : ValueEncoder.RowTooLong(batch, sizeof(long));
            _value++;
        }

        return reason;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? WriteMap(RowBatch batch)
    {
        int first = _level;
        int firstEntry = _entryLevel;
        int items = ItemsOfRow(Values!, ref _level);
        int entries = ItemsOfRow(EntryValues!, ref _entryLevel);
        if (Values!.DefinitionLevels[first] < _fieldLevel)
        {
            return WriteNull(batch);
        }

        if (items != entries)
        {
            return $"the map's columns disagree: {items} keys, {entries} values; the file is damaged";
        }

        WritePresent(batch);
        int keyBase = _value;
        int valueBase = _entryValue;
        for (int i = 0; i < items; i++)
        {
            bool keyThere = Values.DefinitionLevels[first + i] == _presentLevel;
            bool valueThere = EntryValues!.DefinitionLevels[firstEntry + i] == _columns.ValueColumn!.MaxDefinitionLevel;
            _value += keyThere ? 1 : 0;
            _entryValue += valueThere ? 1 : 0;
        }

        if (_value - keyBase != items || _entryValue - valueBase != items)
        {
            return "a key or a value of the map is null, and neither is ever null";
        }

        return WriteEntries(batch, items, keyBase, valueBase);
    }

    /// <summary>Writes the entries; of entries with one key the last one counts, as the format says.</summary>
    private string? WriteEntries(RowBatch batch, int items, int keyBase, int valueBase)
    {
        bool[]? overruled = FindOverruled(items, keyBase);
        ValueEncoder.WriteCount(batch, overruled is null ? items : overruled.Count(o => !o));
        string? reason = null;
        for (int i = 0; i < items; i++)
        {
            if (overruled is null || !overruled[i])
            {
                reason ??= batch.HasRoom(2 * sizeof(long))
                    ? WriteItem(batch, _field.Type.KeyType!, Values!, keyBase + i)
                        ?? WriteItem(batch, _field.Type.ValueType!, EntryValues!, valueBase + i)
                    : ValueEncoder.RowTooLong(batch, 2 * sizeof(long));
            }
        }

        return reason;
    }

    private bool[]? FindOverruled(int items, int keyBase)
    {
        if (items < 2)
        {
            return null;
        }

        bool[]? overruled = null;
        var last = new Dictionary<FieldValue, int>(items);
        for (int i = 0; i < items; i++)
        {
            var key = ItemAt(_field.Type.KeyType!, Values!, keyBase + i);
            if (last.TryGetValue(key, out int before))
            {
                overruled ??= new bool[items];
                overruled[before] = true;
                HasRepeatedMapKeys = true;
            }

            last[key] = i;
        }

        return overruled;
    }

    /// <summary>True once a map with a repeated key was met.</summary>
    public bool HasRepeatedMapKeys { get; private set; }

    private static FieldValue ItemAt(FieldType type, ColumnVector vector, int index) => type.Kind switch
    {
        FieldTypeKind.Int => vector.Ints[index],
        FieldTypeKind.Long => LongAt(vector, index),
        _ => FieldValue.FromBytes(vector.BytesAt(index).ToArray()),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WriteItem(RowBatch batch, FieldType type, ColumnVector vector, int index)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                ValueEncoder.Write(batch, vector.Ints[index]);
                return null;
            case FieldTypeKind.Long:
                ValueEncoder.Write(batch, LongAt(vector, index));
                return null;
            default:
                var bytes = vector.BytesAt(index);
                if (type.Kind == FieldTypeKind.String && !Utf8.IsValid(bytes))
                {
                    return IllFormedUtf8;
                }

                return ValueEncoder.Write(batch, bytes);
        }
    }

    private string? WriteNull(RowBatch batch)
    {
        if (!_field.IsNullable)
        {
            return NullValue;
        }

        ValueEncoder.WritePresence(batch, present: false);
        return null;
    }

    private void WritePresent(RowBatch batch)
    {
        if (_field.IsNullable)
        {
            ValueEncoder.WritePresence(batch, present: true);
        }
    }

    /// <summary>Moves past the levels of one row; returns how many items the row has, nulls among them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ItemsOfRow(ColumnVector vector, ref int level)
    {
        int first = level++;
        while (level < vector.LevelCount && vector.RepetitionLevels[level] != 0)
        {
            level++;
        }

        return vector.DefinitionLevels[first] < _itemLevel ? 0 : level - first;
    }
}
