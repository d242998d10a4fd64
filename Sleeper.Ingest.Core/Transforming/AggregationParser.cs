using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Reads the property that says how rows with equal keys are joined, and checks that it fits the schema.</summary>
/// <remarks>
/// <code>
/// sleeper.table.aggregations    sum(count),min(first),max(last),map_sum(byKind)    white space anywhere, operations in any case
/// </code>
/// <c>map_</c> in front means nothing: what happens to a value follows from its type. Checked in this order, as in the Java original: operations,
/// fields named twice, keys, value fields left out, unknown fields, nullable fields.
/// </remarks>
internal static class AggregationParser
{
    private const string MapPrefix = "map_";

    public static Aggregation? Parse(Schema schema, string? aggregations)
    {
        string text = PropertyText.WithoutWhiteSpace(aggregations);
        if (text.Length == 0)
        {
            return null;
        }

        string where = $"The property {TableIteratorProperties.AggregationsKey}, '{aggregations}',";
        var operations = ParseOperations(text, where);
        string[] names = [.. operations.Select(o => o.Field)];
        Refuse(names.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key), $"{where} names fields twice", "give each one operation");
        Refuse(
            schema.AllFields.Take(schema.KeyFieldCount).Select(f => f.Name).Where(names.Contains),
            $"{where} names row keys or sort keys", "only value fields are aggregated");
        Refuse(
            schema.ValueFields.Select(f => f.Name).Where(n => !names.Contains(n, StringComparer.Ordinal)),
            $"{where} leaves out value fields", "every value field needs an operation, or it would be lost where rows become one");
        Refuse(
            names.Where(n => schema.IndexOf(n) < 0),
            $"{where} names fields that the table does not have", PropertyText.FieldsOf(schema).TrimEnd('.'));
        Refuse(
            schema.ValueFields.Where(f => f.IsNullable).Select(f => f.Name),
            $"{where} is for nullable fields",
            "null cannot be aggregated: make a table in which they are not nullable");
        return new Aggregation([.. schema.ValueFields.Select(f => operations.First(o => o.Field == f.Name).Operation)]);
    }

    /// <summary>The value fields that cannot be aggregated once two rows meet: lists. The Java original only finds out then.</summary>
    public static IEnumerable<string> ListFields(Schema schema) => schema.ValueFields.Where(f => f.Type.Kind == FieldTypeKind.List).Select(f => f.Name);

    private static List<(AggregationOperation Operation, string Field)> ParseOperations(string text, string where)
    {
        var operations = new List<(AggregationOperation, string)>();
        int at = 0;
        while (at < text.Length)
        {
            int open = text.IndexOf('(', at);
            int close = open < 0 ? -1 : text.IndexOf(')', open);
            string name = open < 0 ? text[at..] : text[at..open];
            if (close < 0 || !TryParse(name, out var operation) || (close + 1 < text.Length && text[close + 1] != ','))
            {
                throw new FormatException(
                    $"{where} has '{(close < 0 ? text[at..] : text[at..(close + 1)])}', which is no aggregation that is known: "
                    + $"write sum(field), min(field) or max(field), with commas between them, for maps {MapPrefix}sum(field) and so on.");
            }

            operations.Add((operation, text[(open + 1)..close]));
            at = close + 2;
        }

        return operations;
    }

    private static bool TryParse(string name, out AggregationOperation operation)
    {
        var plain = name.AsSpan();
        if (plain.StartsWith(MapPrefix, StringComparison.OrdinalIgnoreCase))
        {
            plain = plain[MapPrefix.Length..];
        }

        operation =
            plain.Equals("sum", StringComparison.OrdinalIgnoreCase) ? AggregationOperation.Sum
            : plain.Equals("min", StringComparison.OrdinalIgnoreCase) ? AggregationOperation.Min
            : AggregationOperation.Max;
        return operation != AggregationOperation.Max || plain.Equals("max", StringComparison.OrdinalIgnoreCase);
    }

    private static void Refuse(IEnumerable<string> fields, string what, string how)
    {
        string[] names = [.. fields.Distinct(StringComparer.Ordinal).Select(n => $"'{n}'")];
        if (names.Length > 0)
        {
            throw new FormatException($"{what}: {string.Join(", ", names)}; {how}.");
        }
    }
}
