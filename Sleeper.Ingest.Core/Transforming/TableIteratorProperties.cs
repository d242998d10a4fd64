namespace Sleeper.Ingest.Core.Transforming;

/// <summary>The table properties that say what is done with sorted rows, as they are written; null or empty for none.</summary>
internal sealed record TableIteratorProperties(string? Filters, string? Aggregations, string? IteratorClassName, string? IteratorConfig)
{
    public const string FiltersKey = "sleeper.table.filters";
    public const string AggregationsKey = "sleeper.table.aggregations";
    public const string IteratorClassKey = "sleeper.table.iterator.class.name";
    public const string IteratorConfigKey = "sleeper.table.iterator.config";

    /// <summary>Those among all properties of a table.</summary>
    public static TableIteratorProperties Of(IReadOnlyDictionary<string, string> properties) => new(
        properties.GetValueOrDefault(FiltersKey),
        properties.GetValueOrDefault(AggregationsKey),
        properties.GetValueOrDefault(IteratorClassKey),
        properties.GetValueOrDefault(IteratorConfigKey));

    /// <summary>Those that are given, by name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Given()
    {
        foreach (var (key, value) in ((string, string?)[])
            [(FiltersKey, Filters), (AggregationsKey, Aggregations), (IteratorClassKey, IteratorClassName), (IteratorConfigKey, IteratorConfig)])
        {
            if (!string.IsNullOrEmpty(value))
            {
                yield return new(key, value);
            }
        }
    }
}
