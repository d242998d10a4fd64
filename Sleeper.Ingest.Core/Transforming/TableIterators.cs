using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Transforming;

/// <summary>What a table asks to be done with its sorted rows when they are ingested and read: filter, then aggregation, then its own iterator.</summary>
/// <param name="Filter">Drops old rows before they are aggregated; null for none.</param>
/// <param name="Aggregation">Joins rows with equal keys; null for none.</param>
/// <param name="Iterator">Drops old rows of what is left; null for none. No other iterator of the Java original is known here.</param>
internal sealed record TableIterators(AgeOff? Filter, Aggregation? Aggregation, AgeOff? Iterator)
{
    /// <summary>Reads the values of a table's properties. Null if the table asks for nothing.</summary>
    /// <exception cref="FormatException">A property cannot be read, or asks for what cannot be done; the message names the property.</exception>
    public static TableIterators? Parse(Schema schema, TableIteratorProperties properties)
    {
        var iterators = new TableIterators(
            AgeOffParser.ParseFilter(schema, properties.Filters),
            AggregationParser.Parse(schema, properties.Aggregations),
            AgeOffParser.ParseIterator(schema, properties.IteratorClassName, properties.IteratorConfig));
        return iterators is { Filter: null, Aggregation: null, Iterator: null } ? null : iterators;
    }

    /// <summary>The same for a table that is to be made, which must not ask for what fails only when two rows meet: lists to be aggregated.</summary>
    /// <exception cref="FormatException">As for <see cref="Parse"/>.</exception>
    public static TableIterators? ParseForNewTable(Schema schema, TableIteratorProperties properties)
    {
        var iterators = Parse(schema, properties);
        string[] lists = iterators?.Aggregation is null ? [] : [.. AggregationParser.ListFields(schema)];
        return lists.Length == 0
            ? iterators
            : throw new FormatException($"Lists cannot be aggregated ({TableIteratorProperties.AggregationsKey}), but the schema has {string.Join(", ", lists.Select(l => $"'{l}'"))}.");
    }
}
