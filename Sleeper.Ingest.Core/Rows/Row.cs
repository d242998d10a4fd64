using System.Text;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Rows;

/// <summary>One row of a table: a value for each field of a schema. Immutable; reading does not box.</summary>
/// <remarks>
/// A row is made by position (<see cref="Row(Schema, ReadOnlySpan{FieldValue})"/>) or by name (<see cref="FromNames"/>). Making one checks
/// that the fields exist, not that the values fit them: that is checked where the row is written, with the row's number.
/// </remarks>
public sealed class Row : IEquatable<Row>
{
    private readonly FieldValue[] _values;

    /// <summary>Makes a row by position: row keys, sort keys, values, in schema order.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than fields.</exception>
    public Row(Schema schema, params ReadOnlySpan<FieldValue> values)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (values.Length != schema.AllFields.Count)
        {
            throw new ArgumentException(
                $"A row of this schema has {schema.AllFields.Count} values ({string.Join(", ", schema.AllFields.Select(f => f.Name))}), but {values.Length} were given.",
                nameof(values));
        }

        Schema = schema;
        _values = values.ToArray();
    }

    private Row(Schema schema, FieldValue[] values)
    {
        Schema = schema;
        _values = values;
    }

    /// <summary>The fields.</summary>
    public Schema Schema { get; }

    /// <summary>All values, in schema order.</summary>
    public ReadOnlySpan<FieldValue> Values => _values;

    /// <summary>The value at a position of <see cref="Schema.AllFields"/>.</summary>
    public FieldValue this[int index] => _values[index];

    /// <summary>The value of a field.</summary>
    /// <exception cref="KeyNotFoundException">The schema has no such field.</exception>
    public FieldValue this[string fieldName]
    {
        get
        {
            int index = Schema.IndexOf(fieldName);
            return index >= 0 ? _values[index] : throw new KeyNotFoundException(UnknownField(Schema, fieldName));
        }
    }

    /// <summary>Makes a row by name. Fields that are not given are null.</summary>
    /// <exception cref="ArgumentException">A name is not a field of the schema, or is given twice.</exception>
    public static Row FromNames(Schema schema, params ReadOnlySpan<(string Name, FieldValue Value)> values)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var all = new FieldValue[schema.AllFields.Count];
        var given = new bool[all.Length];
        foreach (var (name, value) in values)
        {
            int index = schema.IndexOf(name);
            if (index < 0)
            {
                throw new ArgumentException(UnknownField(schema, name), nameof(values));
            }

            if (given[index])
            {
                throw new ArgumentException($"The field '{name}' is given twice.", nameof(values));
            }

            given[index] = true;
            all[index] = value;
        }

        return new Row(schema, all);
    }

    /// <summary>True if the field at the position holds null.</summary>
    public bool IsNull(int index) => _values[index].IsNull;

    /// <summary>The int at a position.</summary>
    public int GetInt(int index) => _values[index].AsInt();

    /// <summary>The long at a position.</summary>
    public long GetLong(int index) => _values[index].AsLong();

    /// <summary>The string at a position.</summary>
    public string GetString(int index) => _values[index].AsString();

    /// <summary>The bytes at a position.</summary>
    public ReadOnlyMemory<byte> GetBytes(int index) => _values[index].AsBytes();

    /// <summary>The list at a position.</summary>
    public IReadOnlyList<FieldValue> GetList(int index) => _values[index].AsList();

    /// <summary>The map at a position.</summary>
    public IReadOnlyList<KeyValuePair<FieldValue, FieldValue>> GetMap(int index) => _values[index].AsMap();

    /// <inheritdoc/>
    public bool Equals(Row? other) =>
        other is not null && _values.AsSpan().SequenceEqual(other._values) && Schema.Equals(other.Schema);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Row);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in _values)
        {
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>For people: <c>{origin: "SEA", date: 1, delay: null}</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("{");
        for (int i = 0; i < _values.Length; i++)
        {
            text.Append(i > 0 ? ", " : "").Append(Schema.AllFields[i].Name).Append(": ").Append(_values[i].ToString());
        }

        return text.Append('}').ToString();
    }

    /// <summary>A row over an array that the caller gives away.</summary>
    internal static Row Wrap(Schema schema, FieldValue[] values) => new(schema, values);

    private static string UnknownField(Schema schema, string name) =>
        $"The schema has no field '{name}'. Its fields are {string.Join(", ", schema.AllFields.Select(f => $"'{f.Name}'"))}; names are case-sensitive.";
}
