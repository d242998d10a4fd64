namespace Sleeper.Ingest.Core.Rows;

/// <summary>Which column of a Parquet file each field of the table takes, and how its values are converted. Immutable.</summary>
/// <remarks>
/// A field that is not named here takes the column of its own name, exactly. Columns that no field takes are passed over. A member of nested structs is
/// named by its path, <c>address.city.zip</c>; it is null where any struct around it is. Names are case-sensitive.
/// </remarks>
/// <example><code>
/// ParquetMapping.ByName
///     .Take("price", from: "Price (EUR)", ParquetConversion.Unscaled)
///     .Take("city", from: "address.city")
/// </code></example>
public sealed class ParquetMapping
{
    private readonly Dictionary<string, Entry> _entries;

    private ParquetMapping(Dictionary<string, Entry> entries) => _entries = entries;

    /// <summary>Every field takes the column of its own name, exactly.</summary>
    public static ParquetMapping ByName { get; } = new([]);

    /// <summary>The fields that are named, for messages and checks.</summary>
    internal IEnumerable<string> FieldNames => _entries.Keys;

    /// <summary>A mapping in which a field takes the values of a column.</summary>
    /// <param name="field">The field of the table.</param>
    /// <param name="from">The column, or the path of a struct's member; null for the field's own name.</param>
    /// <param name="conversion">How its values, elements, keys and entries are converted.</param>
    /// <exception cref="ArgumentException">A name is empty, or the field is named already.</exception>
    public ParquetMapping Take(string field, string? from = null, ParquetConversion conversion = ParquetConversion.Exact)
    {
        ArgumentException.ThrowIfNullOrEmpty(field);
        if (from is { Length: 0 })
        {
            throw new ArgumentException($"The column that the field '{field}' takes has no name. Give one, or null for the field's own.", nameof(from));
        }

        if (!Enum.IsDefined(conversion))
        {
            throw new ArgumentOutOfRangeException(nameof(conversion), conversion, "There is no such conversion.");
        }

        if (_entries.TryGetValue(field, out var before))
        {
            throw new ArgumentException($"The field '{field}' takes the column '{before.Column}' already. Name it once.", nameof(field));
        }

        return new ParquetMapping(new Dictionary<string, Entry>(_entries, StringComparer.Ordinal) { [field] = new Entry(from ?? field, conversion) });
    }

    internal (string Column, ParquetConversion Conversion) Of(string field) =>
        _entries.TryGetValue(field, out var entry) ? (entry.Column, entry.Conversion) : (field, ParquetConversion.Exact);

    private readonly record struct Entry(string Column, ParquetConversion Conversion);
}
