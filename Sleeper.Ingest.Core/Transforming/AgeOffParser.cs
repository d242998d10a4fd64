using System.Globalization;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Reads the two ways in which a table asks for rows to age off.</summary>
/// <remarks>
/// <code>
/// sleeper.table.filters              ageOff(field,milliseconds)   any case of the name, white space anywhere
/// sleeper.table.iterator.class.name  sleeper.core.iterator.AgeOffIterator
/// sleeper.table.iterator.config      field,milliseconds           nothing is trimmed
/// </code>
/// The Java original takes a field that does not exist, and then drops every row; here it is refused, as is a field that is no long.
/// </remarks>
internal static class AgeOffParser
{
    public const string IteratorClass = "sleeper.core.iterator.AgeOffIterator";
    private const string Name = "ageOff";

    public static AgeOff? ParseFilter(Schema schema, string? filters)
    {
        string text = PropertyText.WithoutWhiteSpace(filters);
        if (text.Length == 0)
        {
            return null;
        }

        int open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || !text.AsSpan(0, open).Equals(Name, StringComparison.OrdinalIgnoreCase) || text[^1] != ')')
        {
            throw Fault($"The property {TableIteratorProperties.FiltersKey} is '{filters}', which is no filter that is known: write {Name}(field,milliseconds).");
        }

        return Parse(schema, text[(open + 1)..^1], $"The property {TableIteratorProperties.FiltersKey}, '{filters}',");
    }

    public static AgeOff? ParseIterator(Schema schema, string? className, string? config)
    {
        if (string.IsNullOrEmpty(className))
        {
            return null;
        }

        if (className != IteratorClass)
        {
            throw Fault(
                $"The property {TableIteratorProperties.IteratorClassKey} names the Java class '{className}', which cannot be run here; of iterators "
                + $"only {IteratorClass} is known. Rows that it did not see would be other rows than the table asks for: ingest into this table with the Java original.");
        }

        return Parse(schema, config ?? "", $"The property {TableIteratorProperties.IteratorConfigKey}, '{config}',");
    }

    private static AgeOff Parse(Schema schema, string text, string where)
    {
        string[] parts = text.Split(',');
        if (parts.Length != 2)
        {
            throw Fault($"{where} should have two parts, a field and an age in milliseconds with a comma between them, but has {parts.Length}.");
        }

        if (!long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long age))
        {
            throw Fault($"{where} has the age '{parts[1]}', which is not a whole number of milliseconds.");
        }

        int index = schema.IndexOf(parts[0]);
        if (index < 0)
        {
            throw Fault($"{where} names the field '{parts[0]}', which the table does not have, so every row would be dropped. {PropertyText.FieldsOf(schema)}");
        }

        var type = schema.AllFields[index].Type;
        return type.Kind == FieldTypeKind.Long
            ? new AgeOff(index, age)
            : throw Fault($"{where} names the field '{parts[0]}', which is {type}: times are of type {FieldTypeKind.Long}, in milliseconds since 1970.");
    }

    private static FormatException Fault(string message) => new(message);
}
