using System.Text;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>One field of a stretch of rows, decoded from its Parquet columns; gives the value of any row of the stretch.</summary>
/// <remarks>Reused for one stretch after the other. One thread at a time. What is wrong with a value is a <see cref="ParquetFormatException"/>.</remarks>
internal sealed class FieldColumn
{
    private const int Null = -1;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly FieldColumns _columns;
    private readonly Field _field;
    private readonly ColumnVector? _values;
    private readonly ColumnVector? _entryValues;
    private readonly int _fieldLevel;
    private readonly int _itemLevel;
    private int[] _firstValues = [];
    private int[] _itemCounts = [];

    public FieldColumn(FieldColumns columns)
    {
        _columns = columns;
        _field = columns.Field;
        _values = columns.Column is null ? null : new ColumnVector(columns.Column.VectorKind);
        _entryValues = columns.ValueColumn is null ? null : new ColumnVector(columns.ValueColumn.VectorKind);
        _fieldLevel = columns.Node is null or { Repetition: Repetition.Repeated } ? 0 : columns.Node.MaxDefinitionLevel;
        _itemLevel = columns.Repeated?.MaxDefinitionLevel ?? 0;
    }

    public Field Field => _field;

    /// <summary>Decodes the next rows of a row group; the stretch before is gone.</summary>
    public async ValueTask ReadAsync(RowGroupReader rowGroup, int rows, CancellationToken cancellationToken)
    {
        if (_values is null)
        {
            return;
        }

        _values.Clear();
        Require(await rowGroup.ReadAsync(_columns.Column!.Index, _values, rows, cancellationToken).ConfigureAwait(false), rows);
        if (_entryValues is not null)
        {
            _entryValues.Clear();
            Require(await rowGroup.ReadAsync(_columns.ValueColumn!.Index, _entryValues, rows, cancellationToken).ConfigureAwait(false), rows);
        }

        if (_firstValues.Length < rows)
        {
            _firstValues = new int[rows];
            _itemCounts = new int[rows];
        }

        if (_columns.Repeated is not null)
        {
            IndexItems(rows);
        }
        else if (_columns.Column.MaxDefinitionLevel > 0)
        {
            IndexPresent(rows);
        }
    }

    /// <summary>The value of a row, counted from the stretch's first.</summary>
    public FieldValue ValueAt(int row)
    {
        if (_values is null)
        {
            return FieldValue.Null;
        }

        if (_columns.Repeated is null)
        {
            int index = IndexOf(row);
            return index == Null ? NullValue() : Item(_field.Type, _values, index);
        }

        return _itemCounts[row] == Null ? NullValue()
            : _field.Type.Kind == FieldTypeKind.List ? List(row)
            : Map(row);
    }

    /// <summary>The most bytes that <see cref="WriteKey"/> writes for a row.</summary>
    public int MaxKeyBytes(int row)
    {
        if (_values!.Kind != VectorKind.Bytes)
        {
            return KeyEncoder.LongBytes;
        }

        int index = KeyIndexOf(row);
        return KeyEncoder.MaxBytes(_values.Offsets[index + 1] - _values.Offsets[index]);
    }

    /// <summary>Writes a row's value as a part of its normalised key; returns the length.</summary>
    public unsafe int WriteKey(int row, byte* destination, KeyOrder order)
    {
        int index = KeyIndexOf(row);
        switch (_field.Type.Kind)
        {
            case FieldTypeKind.Int:
                KeyEncoder.WriteInt(destination, _values!.Ints[index]);
                return KeyEncoder.IntBytes;
            case FieldTypeKind.Long:
                KeyEncoder.WriteLong(destination, _values!.Longs[index]);
                return KeyEncoder.LongBytes;
            case FieldTypeKind.String:
                return KeyEncoder.WriteString(destination, _values!.BytesAt(index), order);
            default:
                return KeyEncoder.WriteBytes(destination, _values!.BytesAt(index), order);
        }
    }

    private static void Require(int given, int wanted)
    {
        if (given != wanted)
        {
            throw new ParquetFormatException($"The column ends after {given} of the {wanted} rows that are left by the footer's count.");
        }
    }

    private void IndexPresent(int rows)
    {
        int level = _columns.Column!.MaxDefinitionLevel;
        int next = 0;
        for (int row = 0; row < rows; row++)
        {
            _firstValues[row] = _values!.DefinitionLevels[row] == level ? next++ : Null;
        }
    }

    private void IndexItems(int rows)
    {
        int level = 0;
        int value = 0;
        int entryLevel = 0;
        int entryValue = 0;
        for (int row = 0; row < rows; row++)
        {
            _firstValues[row] = value;
            _itemCounts[row] = CountItems(_values!, _columns.Column!.MaxDefinitionLevel, ref level, ref value);
            if (_entryValues is not null)
            {
                // Keys and values of a map are there together, so the values begin where the keys do.
                int entries = CountItems(_entryValues, _columns.ValueColumn!.MaxDefinitionLevel, ref entryLevel, ref entryValue);
                if (entries != _itemCounts[row])
                {
                    throw new ParquetFormatException($"Field '{_field.Name}' has a map whose two columns disagree in row {row} of the stretch.");
                }
            }
        }
    }

    /// <summary>Moves past the levels and values of a row; returns its items, or <see cref="Null"/>.</summary>
    private int CountItems(ColumnVector vector, int valueLevel, ref int level, ref int value)
    {
        int first = vector.DefinitionLevels[level];
        int start = level++;
        while (level < vector.LevelCount && vector.RepetitionLevels[level] != 0)
        {
            level++;
        }

        if (first < _itemLevel)
        {
            return first < _fieldLevel ? Null : 0;
        }

        for (int i = start; i < level; i++)
        {
            if (vector.DefinitionLevels[i] != valueLevel)
            {
                throw new ParquetFormatException(
                    $"Field '{_field.Name}' ({_field.Type}) has a null among its elements, keys or values, and those are never null.");
            }
        }

        value += level - start;
        return level - start;
    }

    private int IndexOf(int row) => _columns.Column!.MaxDefinitionLevel == 0 ? row : _firstValues[row];

    private int KeyIndexOf(int row)
    {
        int index = IndexOf(row);
        return index != Null ? index : throw new ParquetFormatException($"Key field '{_field.Name}' holds null, and a key is never null.");
    }

    private FieldValue NullValue() =>
        _field.IsNullable
            ? FieldValue.Null
            : throw new ParquetFormatException($"Field '{_field.Name}' holds null, but it is not nullable in the table's schema.");

    private FieldValue List(int row)
    {
        var items = new FieldValue[_itemCounts[row]];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = Item(_field.Type.ElementType!, _values!, _firstValues[row] + i);
        }

        return FieldValue.FromList(items);
    }

    private FieldValue Map(int row)
    {
        var entries = new KeyValuePair<FieldValue, FieldValue>[_itemCounts[row]];
        for (int i = 0; i < entries.Length; i++)
        {
            int index = _firstValues[row] + i;
            entries[i] = KeyValuePair.Create(
                Item(_field.Type.KeyType!, _values!, index), Item(_field.Type.ValueType!, _entryValues!, index));
        }

        return FieldValue.FromMap(entries);
    }

    private FieldValue Item(FieldType type, ColumnVector vector, int index)
    {
        switch (type.Kind)
        {
            case FieldTypeKind.Int:
                return vector.Ints[index];
            case FieldTypeKind.Long:
                return vector.Longs[index];
            case FieldTypeKind.String:
                return Text(vector.BytesAt(index));
            default:
                return FieldValue.FromBytes(vector.BytesAt(index).ToArray());
        }
    }

    private FieldValue Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException fault)
        {
            throw new ParquetFormatException($"Field '{_field.Name}' holds text that is not well-formed UTF-8 ({utf8.Length} bytes).", innerException: fault);
        }
    }
}
