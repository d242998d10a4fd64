namespace Sleeper.Ingest.Core.Schemas;

/// <summary>
/// The fields of a table. Rows are sorted by the row keys, then by the sort keys; the row keys also decide the partition.
/// Immutable, safe for many threads.
/// </summary>
/// <remarks>
/// The order of all fields, used for columns and for rows by position, is row keys, sort keys, values, each as given.
/// </remarks>
public sealed partial class Schema : IEquatable<Schema>
{
    private readonly Dictionary<string, int> _indexByName;

    /// <summary>Makes a schema and checks it.</summary>
    /// <exception cref="ArgumentException">
    /// There is no row key; a key is a list, a map or nullable; a name occurs twice; a row key's name contains a dot; a field, its name or its
    /// type is null; a name holds half of a surrogate pair.
    /// </exception>
    public Schema(IEnumerable<Field> rowKeyFields, IEnumerable<Field>? sortKeyFields = null, IEnumerable<Field>? valueFields = null)
    {
        ArgumentNullException.ThrowIfNull(rowKeyFields);
        RowKeyFields = [.. rowKeyFields];
        SortKeyFields = [.. sortKeyFields ?? []];
        ValueFields = [.. valueFields ?? []];
        SchemaRules.Check(RowKeyFields, SortKeyFields, ValueFields);
        AllFields = [.. RowKeyFields, .. SortKeyFields, .. ValueFields];
        NameWarnings = SchemaRules.NameWarnings(AllFields);
        _indexByName = new Dictionary<string, int>(AllFields.Count, StringComparer.Ordinal);
        for (int i = 0; i < AllFields.Count; i++)
        {
            _indexByName.Add(AllFields[i].Name, i);
        }
    }

    private Schema(Schema whole, IReadOnlyList<int> chosen)
    {
        RowKeyFields = [.. chosen.Where(index => index < whole.RowKeyFields.Count).Select(index => whole.AllFields[index])];
        SortKeyFields = [.. chosen.Where(index => index >= whole.RowKeyFields.Count && index < whole.KeyFieldCount).Select(index => whole.AllFields[index])];
        ValueFields = [.. chosen.Where(index => index >= whole.KeyFieldCount).Select(index => whole.AllFields[index])];
        AllFields = [.. RowKeyFields, .. SortKeyFields, .. ValueFields];
        NameWarnings = whole.NameWarnings;
        _indexByName = AllFields.Index().ToDictionary(field => field.Item.Name, field => field.Index, StringComparer.Ordinal);
    }

    /// <summary>
    /// The fields that decide a row's partition and come first in the sort order. At least one, but for the schema of rows that were read without them
    /// (<c>TableQuery.WithFields</c>).
    /// </summary>
    public IReadOnlyList<Field> RowKeyFields { get; }

    /// <summary>The fields that order rows with equal row keys. May be empty.</summary>
    public IReadOnlyList<Field> SortKeyFields { get; }

    /// <summary>The other fields. May be empty.</summary>
    public IReadOnlyList<Field> ValueFields { get; }

    /// <summary>Row keys, sort keys and values, in that order.</summary>
    public IReadOnlyList<Field> AllFields { get; }

    /// <summary>The number of key fields: row keys and sort keys together. They are the first of <see cref="AllFields"/>.</summary>
    public int KeyFieldCount => RowKeyFields.Count + SortKeyFields.Count;

    /// <summary>What to log, once, about the names of fields; usually empty.</summary>
    internal IReadOnlyList<string> NameWarnings { get; }

    /// <summary>Starts a schema that is put together field by field.</summary>
    public static SchemaBuilder Create() => new();

    /// <summary>The position of a field in <see cref="AllFields"/>, or -1 if there is none of that name.</summary>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    public int IndexOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _indexByName.GetValueOrDefault(name, -1);
    }

    /// <summary>Some of the fields, by ascending positions. The result may be without row keys: it describes rows that were read, not a table.</summary>
    internal Schema Select(IReadOnlyList<int> fields) => new(this, fields);

    /// <summary>Throws if this is the schema of rows that were read without row keys.</summary>
    internal void RequireRowKeys()
    {
        if (RowKeyFields.Count == 0)
        {
            throw new ArgumentException($"The schema has no row key: it is that of rows that were read with some fields only ({this}). Give the schema of a table.");
        }
    }

    /// <inheritdoc/>
    public bool Equals(Schema? other) =>
        other is not null && RowKeyFields.SequenceEqual(other.RowKeyFields)
        && SortKeyFields.SequenceEqual(other.SortKeyFields) && ValueFields.SequenceEqual(other.ValueFields);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Schema);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(RowKeyFields.Count);
        hash.Add(SortKeyFields.Count);
        foreach (var field in AllFields)
        {
            hash.Add(field);
        }

        return hash.ToHashCode();
    }

    /// <summary>For example <c>row keys [origin String], sort keys [date Long], values [delay Int?]</c>.</summary>
    public override string ToString() =>
        $"row keys [{string.Join(", ", RowKeyFields)}], sort keys [{string.Join(", ", SortKeyFields)}], values [{string.Join(", ", ValueFields)}]";
}
