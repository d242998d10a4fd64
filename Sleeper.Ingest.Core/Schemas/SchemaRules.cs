namespace Sleeper.Ingest.Core.Schemas;

/// <summary>What makes a set of fields a schema, checked in the order and with the words of the original.</summary>
internal static class SchemaRules
{
    internal static void Check(IReadOnlyList<Field> rowKeys, IReadOnlyList<Field> sortKeys, IReadOnlyList<Field> values)
    {
        Require(rowKeys.Count > 0, "Must have at least one row key field");
        Require(rowKeys.All(f => f.Type.IsPrimitive), "Row key fields must have a primitive type");
        Require(!rowKeys.Any(f => f.IsNullable), "Row key fields cannot be nullable");
        Require(sortKeys.All(f => f.Type.IsPrimitive), "Sort key fields must have a primitive type");
        Require(!sortKeys.Any(f => f.IsNullable), "Sort key fields cannot be nullable");
        string[] duplicates =
        [
            .. rowKeys.Concat(sortKeys).Concat(values).GroupBy(f => f.Name, StringComparer.Ordinal)
                .Where(g => g.Count() > 1).Select(g => g.Key).Order(StringComparer.Ordinal),
        ];
        Require(duplicates.Length == 0, $"Found duplicate field names: [{string.Join(", ", duplicates)}]");
        foreach (var field in rowKeys)
        {
            Require(
                !field.Name.Contains('.', StringComparison.Ordinal),
                $"Row key field '{field.Name}' has a dot in its name: readers would look for a column inside a group and find no rows. Rename the field.");
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
