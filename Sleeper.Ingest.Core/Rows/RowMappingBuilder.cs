using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>Puts a <see cref="RowMapping{T}"/> together field by field. Not thread-safe.</summary>
/// <typeparam name="T">The type of your rows.</typeparam>
public sealed class RowMappingBuilder<T>
{
    private readonly Schema _schema;
    private readonly TypedFieldWriter<T>?[] _writers;

    internal RowMappingBuilder(Schema schema)
    {
        _schema = schema;
        _writers = new TypedFieldWriter<T>?[schema.AllFields.Count];
    }

    /// <summary>An int field.</summary>
    /// <exception cref="ArgumentException">There is no such field, it has another type, or it is mapped already. The same for the other methods.</exception>
    public RowMappingBuilder<T> Int(string field, Func<T, int> value) => Add(field, FieldTypeKind.Int, new IntFieldWriter<T>(value));

    /// <summary>A nullable int field.</summary>
    public RowMappingBuilder<T> Int(string field, Func<T, int?> value) => Add(field, FieldTypeKind.Int, new NullableIntFieldWriter<T>(value));

    /// <summary>A long field.</summary>
    public RowMappingBuilder<T> Long(string field, Func<T, long> value) => Add(field, FieldTypeKind.Long, new LongFieldWriter<T>(value));

    /// <summary>A nullable long field.</summary>
    public RowMappingBuilder<T> Long(string field, Func<T, long?> value) => Add(field, FieldTypeKind.Long, new NullableLongFieldWriter<T>(value));

    /// <summary>A string field. A null is refused unless the field is nullable.</summary>
    public RowMappingBuilder<T> String(string field, Func<T, string?> value) => Add(field, FieldTypeKind.String, new StringFieldWriter<T>(value));

    /// <summary>A byte-array field.</summary>
    public RowMappingBuilder<T> Bytes(string field, Func<T, ReadOnlyMemory<byte>> value) => Add(field, FieldTypeKind.ByteArray, new BytesFieldWriter<T>(value));

    /// <summary>A nullable byte-array field.</summary>
    public RowMappingBuilder<T> Bytes(string field, Func<T, ReadOnlyMemory<byte>?> value) =>
        Add(field, FieldTypeKind.ByteArray, new NullableBytesFieldWriter<T>(value));

    /// <summary>A field of any type, as a <see cref="FieldValue"/>: for lists and maps.</summary>
    public RowMappingBuilder<T> Value(string field, Func<T, FieldValue> value)
    {
        int index = IndexOf(field);
        _writers[index] = new FieldValueWriter<T>(_schema.AllFields[index], value);
        return this;
    }

    /// <summary>Makes the mapping.</summary>
    /// <exception cref="ArgumentException">A field that is not nullable has no delegate.</exception>
    public RowMapping<T> Build()
    {
        string[] missing = [.. _schema.AllFields.Where((f, i) => _writers[i] is null && !f.IsNullable).Select(f => f.Name)];
        return missing.Length == 0
            ? new RowMapping<T>(_schema, [.. _writers])
            : throw new ArgumentException($"The mapping of {typeof(T).Name} has nothing for these fields, which are not nullable: {string.Join(", ", missing)}.");
    }

    private RowMappingBuilder<T> Add(string field, FieldTypeKind kind, TypedFieldWriter<T> writer)
    {
        int index = IndexOf(field);
        var type = _schema.AllFields[index].Type;
        if (type.Kind != kind)
        {
            throw new ArgumentException($"The field '{field}' is {type}, but the mapping gives {kind} values.", nameof(field));
        }

        _writers[index] = writer;
        return this;
    }

    private int IndexOf(string field)
    {
        int index = _schema.IndexOf(field);
        if (index < 0)
        {
            throw new ArgumentException(
                $"The schema has no field '{field}'. Its fields are {string.Join(", ", _schema.AllFields.Select(f => f.Name))}.", nameof(field));
        }

        return _writers[index] is null ? index : throw new ArgumentException($"The field '{field}' is mapped twice.", nameof(field));
    }
}
