namespace Sleeper.Ingest.Core.Schemas;

/// <summary>Puts a <see cref="Schema"/> together field by field. Not thread-safe.</summary>
public sealed class SchemaBuilder
{
    private readonly List<Field> _rowKeys = [];
    private readonly List<Field> _sortKeys = [];
    private readonly List<Field> _values = [];

    internal SchemaBuilder()
    {
    }

    /// <summary>Adds a row key: it decides the partition and the order of rows.</summary>
    public SchemaBuilder RowKey(string name, FieldType type)
    {
        _rowKeys.Add(new Field(name, type));
        return this;
    }

    /// <summary>Adds a sort key: it orders rows with equal row keys.</summary>
    public SchemaBuilder SortKey(string name, FieldType type)
    {
        _sortKeys.Add(new Field(name, type));
        return this;
    }

    /// <summary>Adds a value field.</summary>
    public SchemaBuilder Value(string name, FieldType type, bool nullable = false)
    {
        _values.Add(new Field(name, type, nullable));
        return this;
    }

    /// <summary>Makes the schema.</summary>
    /// <exception cref="ArgumentException">The fields do not make a schema; see <see cref="Schema"/>.</exception>
    public Schema Build() => new(_rowKeys, _sortKeys, _values);
}
