using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Encodes <see cref="Row"/>s into a <see cref="RowBatch"/>, checking every value against the schema on the way.</summary>
/// <remarks>One thread at a time. A row of an equal schema is taken by position, a row of another schema by the names of its fields.</remarks>
internal sealed class RowEncoder
{
    private readonly Schema _schema;
    private readonly Field[] _fields;
    private readonly int _keyFieldCount;
    private readonly KeyOrder _order;
    private readonly RowLimits _limits;
    private Schema? _mappedSchema;
    private int[]? _positions;

    public RowEncoder(Schema schema, KeyOrder order, RowLimits limits)
    {
        _schema = schema;
        _fields = [.. schema.AllFields];
        _keyFieldCount = schema.KeyFieldCount;
        _order = order;
        _limits = limits;
        _mappedSchema = schema;
    }

    /// <summary>
    /// Writes the row as far as its last value; the caller ends or discards it. Returns what is wrong with the row, or null.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowFault? Encode(Row row, RowBatch batch)
    {
        if (!ReferenceEquals(row.Schema, _mappedSchema) && MapSchema(row.Schema) is { } mismatch)
        {
            return mismatch;
        }

        ReadOnlySpan<FieldValue> values = row.Values;
        batch.BeginRow();
        for (int i = 0; i < _fields.Length; i++)
        {
            if (i == _keyFieldCount)
            {
                batch.EndKey();
            }

            int position = _positions is null ? i : _positions[i];
            FieldValue value = position < 0 ? default : values[position];
            string? reason = i < _keyFieldCount ? WriteKey(_fields[i], value, batch, _order, _limits.MaxKeyFieldBytes) : WriteValue(_fields[i], value, batch);
            if (reason is not null)
            {
                return new RowFault(_fields[i].Name, reason, value);
            }
        }

        if (_fields.Length == _keyFieldCount)
        {
            batch.EndKey();
        }

        return CheckLength(batch, _limits);
    }

    /// <summary>What is wrong with the length of the row just written, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowFault? CheckLength(RowBatch batch, RowLimits limits) =>
        batch.CurrentRowBytes <= limits.MaxRowBytes
            ? null
            : new RowFault(
                null,
                $"the row takes {batch.CurrentRowBytes:N0} bytes, more than the limit of {limits.MaxRowBytes:N0} (16 MiB, and never more than an eighth of the memory budget); split it or raise the memory budget");

    /// <summary>Writes a key value of any kind; returns what is wrong with it, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static string? WriteKey(Field field, in FieldValue value, RowBatch batch, KeyOrder order, int maxBytes)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Int when field.Type.Kind == FieldTypeKind.Int:
                ValueEncoder.WriteKey(batch, value.AsInt());
                return null;
            case FieldValueKind.Int when field.Type.Kind == FieldTypeKind.Long:
                ValueEncoder.WriteKey(batch, (long)value.AsInt());
                return null;
            case FieldValueKind.Long when field.Type.Kind == FieldTypeKind.Long:
                ValueEncoder.WriteKey(batch, value.AsLong());
                return null;
            case FieldValueKind.String when field.Type.Kind == FieldTypeKind.String:
                return ValueEncoder.WriteKey(batch, value.AsString(), order, maxBytes);
            case FieldValueKind.ByteArray when field.Type.Kind == FieldTypeKind.ByteArray:
                return ValueEncoder.WriteKey(batch, value.AsBytes().Span, isString: false, order, maxBytes);
            case FieldValueKind.Null:
                return "it is null, but a key is never null; give it a value or leave the row out";
            default:
                return WrongType(field.Type, value.Kind);
        }
    }

    /// <summary>Writes a value of any kind; returns what is wrong with it, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static string? WriteValue(Field field, in FieldValue value, RowBatch batch)
    {
        if (value.IsNull)
        {
            if (!field.IsNullable)
            {
                return "it is null, but the field is not nullable; give it a value or declare the field nullable";
            }

            ValueEncoder.WritePresence(batch, present: false);
            return null;
        }

        if (field.IsNullable)
        {
            ValueEncoder.WritePresence(batch, present: true);
        }

        return field.Type.Kind switch
        {
            FieldTypeKind.List when value.Kind == FieldValueKind.List => WriteList(field.Type, value, batch),
            FieldTypeKind.Map when value.Kind == FieldValueKind.Map => WriteMap(field.Type, value, batch),
            FieldTypeKind.List or FieldTypeKind.Map => WrongType(field.Type, value.Kind),
            _ => WritePrimitive(field.Type, value, batch),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WritePrimitive(FieldType type, in FieldValue value, RowBatch batch)
    {
        switch (value.Kind)
        {
            case FieldValueKind.Int when type.Kind == FieldTypeKind.Int:
                ValueEncoder.Write(batch, value.AsInt());
                return null;
            case FieldValueKind.Int when type.Kind == FieldTypeKind.Long:
                ValueEncoder.Write(batch, (long)value.AsInt());
                return null;
            case FieldValueKind.Long when type.Kind == FieldTypeKind.Long:
                ValueEncoder.Write(batch, value.AsLong());
                return null;
            case FieldValueKind.String when type.Kind == FieldTypeKind.String:
                return ValueEncoder.Write(batch, value.AsString().AsSpan());
            case FieldValueKind.ByteArray when type.Kind == FieldTypeKind.ByteArray:
                return ValueEncoder.Write(batch, value.AsBytes().Span);
            default:
                return WrongType(type, value.Kind);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WriteList(FieldType type, in FieldValue value, RowBatch batch)
    {
        var items = value.AsList();
        ValueEncoder.WriteCount(batch, items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            string? reason =
                items[i].IsNull ? "it is null, and list elements are never null"
                : !batch.HasRoom(sizeof(long)) ? ValueEncoder.RowTooLong(batch, sizeof(long))
                : WritePrimitive(type.ElementType!, items[i], batch);
            if (reason is not null)
            {
                return $"element {i} of the list cannot be written: {reason}";
            }
        }

        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? WriteMap(FieldType type, in FieldValue value, RowBatch batch)
    {
        var entries = value.AsMap();
        if (FirstRepeatedKey(entries) is var repeated and >= 0)
        {
            return $"entry {repeated} of the map has a key that occurs before it; readers disagree about which value counts, so give each key once";
        }

        ValueEncoder.WriteCount(batch, entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            string? reason =
                entries[i].Key.IsNull ? "its key is null, and map keys are never null"
                : entries[i].Value.IsNull ? "its value is null, and map values are never null"
                : !batch.HasRoom(2 * sizeof(long)) ? ValueEncoder.RowTooLong(batch, 2 * sizeof(long))
                : WritePrimitive(type.KeyType!, entries[i].Key, batch) ?? WritePrimitive(type.ValueType!, entries[i].Value, batch);
            if (reason is not null)
            {
                return $"entry {i} of the map cannot be written: {reason}";
            }
        }

        return null;
    }

    /// <summary>The position of the first entry whose key an earlier entry has, or -1.</summary>
    private static int FirstRepeatedKey(IReadOnlyList<KeyValuePair<FieldValue, FieldValue>> entries)
    {
        if (entries.Count < 2)
        {
            return -1;
        }

        var seen = new HashSet<FieldValue>(entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            if (!seen.Add(entries[i].Key))
            {
                return i;
            }
        }

        return -1;
    }

    private static string WrongType(FieldType type, FieldValueKind given) => $"the value is of type {given}, but the field is {type}";

    private RowFault? MapSchema(Schema given)
    {
        if (given.Equals(_schema))
        {
            _positions = null;
            _mappedSchema = given;
            return null;
        }

        foreach (var field in given.AllFields)
        {
            if (_schema.IndexOf(field.Name) < 0)
            {
                return new RowFault(
                    field.Name,
                    $"the row has this field, but the table does not; the table's fields are {string.Join(", ", _fields.Select(f => f.Name))}");
            }
        }

        _positions = [.. _fields.Select(f => given.IndexOf(f.Name))];
        for (int i = 0; i < _fields.Length; i++)
        {
            if (_positions[i] < 0 && !_fields[i].IsNullable)
            {
                _mappedSchema = null;
                return new RowFault(_fields[i].Name, "the row does not have this field, which the table requires");
            }
        }

        _mappedSchema = given;
        return null;
    }
}
