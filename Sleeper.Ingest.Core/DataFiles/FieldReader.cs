using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using DictionaryValues = Sleeper.Ingest.Core.Parquet.Encodings.DictionaryValues;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Walks the decoded columns of one field, row by row, and writes each row's value into a <see cref="RowBatch"/>.</summary>
/// <remarks>The vectors are those of one stretch of rows; <see cref="Restart"/> after each stretch. One thread at a time.</remarks>
internal sealed class FieldReader
{
    private readonly FieldColumns _columns;
    private readonly Field _field;
    private readonly int _presentLevel;
    private readonly Dictionary<int, string> _faults = [];
    private readonly Dictionary<int, string> _entryFaults = [];
    private readonly MapKeys _keys = new();
    private int _level;
    private int _value;
    private int _entryLevel;
    private int _entryValue;

    public FieldReader(FieldColumns columns)
    {
        _columns = columns;
        _field = columns.Field;
        FieldLevel = columns.Node?.Repetition == Parquet.Metadata.Repetition.Repeated ? 0 : columns.Node?.MaxDefinitionLevel ?? 0;
        _presentLevel = columns.Column?.MaxDefinitionLevel ?? 0;
        ItemLevel = columns.Repeated?.MaxDefinitionLevel ?? 0;
        Stored = columns.Column is null ? null : new ColumnVector(columns.Column.VectorKind) { MayKeepIndexes = columns.Conversion is null && _field.Type.IsPrimitive };
        StoredEntries = columns.ValueColumn is null ? null : new ColumnVector(columns.ValueColumn.VectorKind);
        Values = columns.Conversion is { } conversion ? new ColumnVector(conversion.Target) : Stored;
        EntryValues = columns.ValueConversion is { } valueConversion ? new ColumnVector(valueConversion.Target) : StoredEntries;
    }

    /// <summary>What the column's values are decoded into; null if the file does not have it.</summary>
    public ColumnVector? Stored { get; }

    /// <summary>What the column of a map's values is decoded into.</summary>
    public ColumnVector? StoredEntries { get; }

    public Field Field => _field;

    /// <summary>Values, elements or keys, converted; null if the file does not have the column.</summary>
    public ColumnVector? Values { get; }

    /// <summary>A map's values, converted.</summary>
    public ColumnVector? EntryValues { get; }

    public int? ColumnIndex => _columns.Column?.Index;

    public int? EntryColumnIndex => _columns.ValueColumn?.Index;

    /// <summary>The definition level from which on a list or map is there.</summary>
    public int FieldLevel { get; }

    /// <summary>The definition level from which on it has an item, perhaps a null.</summary>
    public int ItemLevel { get; }

    /// <summary>The definition level of a value, element or key that is there; 0 if there are no levels.</summary>
    public int PresentLevel => _presentLevel;

    /// <summary>True if some value of the stretch could not be converted: its row is at fault.</summary>
    public bool HasFaults => _faults.Count > 0 || _entryFaults.Count > 0;

    /// <summary>Converts the stretch that was decoded.</summary>
    public void Convert()
    {
        _columns.Conversion?.Convert(Stored!, Values!, _faults);
        _columns.ValueConversion?.Convert(StoredEntries!, EntryValues!, _entryFaults);
    }

    /// <summary>Puts values in the place of indexes, for all ways but that of <see cref="FlatField"/>.</summary>
    public void SpreadIndexes()
    {
        if (Values is not null)
        {
            DictionaryValues.Spread(Values);
        }
    }

    public void Restart()
    {
        _level = 0;
        _value = 0;
        _entryLevel = 0;
        _entryValue = 0;
    }

    /// <summary>Moves past the first rows of a stretch in which no item of a list or map is null.</summary>
    public void SkipFlat(int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            if (_field.Type.IsPrimitive)
            {
                _value += Values is not null && NextIsPresent() ? 1 : 0;
                continue;
            }

            _value += ItemsOfRow(Values!, ref _level);
            _entryValue += EntryValues is null ? 0 : ItemsOfRow(EntryValues, ref _entryLevel);
        }
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
        if (FaultOf(_faults, index) is { } fault)
        {
            return fault;
        }

        switch (_field.Type.Kind)
        {
            case FieldTypeKind.Int:
                ValueEncoder.WriteKey(batch, Values!.Ints[index]);
                return null;
            case FieldTypeKind.Long:
                ValueEncoder.WriteKey(batch, Values!.Longs[index]);
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

    private static string? FaultOf(Dictionary<int, string> faults, int index) => faults.Count == 0 ? null : faults.GetValueOrDefault(index);

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
        int index = _value++;
        return FaultOf(_faults, index) ?? WriteItem(batch, _field.Type, Values!, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private string? WriteList(RowBatch batch)
    {
        int first = _level;
        int items = ItemsOfRow(Values!, ref _level);
        if (Values!.DefinitionLevels[first] < FieldLevel)
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
                ? FaultOf(_faults, _value) ?? WriteItem(batch, _field.Type.ElementType!, Values, _value)
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
        if (Values!.DefinitionLevels[first] < FieldLevel)
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
        var overruled = _keys.FindOverruled(Values!, keyBase, items);
        HasRepeatedMapKeys |= overruled.Length > 0;
        ValueEncoder.WriteCount(batch, items - overruled.Count(true));
        string? reason = null;
        for (int i = 0; i < items; i++)
        {
            if (overruled.Length == 0 || !overruled[i])
            {
                reason ??= batch.HasRoom(2 * sizeof(long))
                    ? FaultOf(_faults, keyBase + i) ?? FaultOf(_entryFaults, valueBase + i)
                        ?? WriteItem(batch, _field.Type.KeyType!, Values!, keyBase + i)
                        ?? WriteItem(batch, _field.Type.ValueType!, EntryValues!, valueBase + i)
                    : ValueEncoder.RowTooLong(batch, 2 * sizeof(long));
            }
        }

        return reason;
    }

    /// <summary>True once a map with a repeated key was met.</summary>
    public bool HasRepeatedMapKeys { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WriteItem(RowBatch batch, FieldType type, ColumnVector vector, int index)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                ValueEncoder.Write(batch, vector.Ints[index]);
                return null;
            case FieldTypeKind.Long:
                ValueEncoder.Write(batch, vector.Longs[index]);
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

        return vector.DefinitionLevels[first] < ItemLevel ? 0 : level - first;
    }
}
