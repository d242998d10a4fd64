namespace Sleeper.Ingest.Core.Schemas;

/// <summary>What makes a set of fields a schema, checked in the order and with the words of the original; what only this library asks comes last.</summary>
internal static class SchemaRules
{
    internal static void Check(IReadOnlyList<Field> rowKeys, IReadOnlyList<Field> sortKeys, IReadOnlyList<Field> values)
    {
        RequireComplete(rowKeys, "Row key");
        RequireComplete(sortKeys, "Sort key");
        RequireComplete(values, "Value");
        Require(rowKeys.Count > 0, "Must have at least one row key field");
        RequireKeys(rowKeys, "Row");
        RequireKeys(sortKeys, "Sort");
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

        foreach (var field in rowKeys.Concat(sortKeys).Concat(values))
        {
            Require(
                UnicodeText.IsWellFormed(field.Name),
                $"The name of a field of type {field.Type} holds half of a surrogate pair, which no file can store. Rename the field.");
        }
    }

    /// <summary>Names that some readers stumble over, each as a sentence to be logged.</summary>
    internal static string[] NameWarnings(IEnumerable<Field> fields) =>
    [
        .. fields.Where(f => f.Name.Contains('.', StringComparison.Ordinal)).Select(f =>
            $"The field '{f.Name}' has a dot in its name. Some readers take that for a column inside a group: settings and filters for the field may not reach it. Rename it if you can."),
    ];

    private static void RequireComplete(IReadOnlyList<Field> fields, string list)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            Require(fields[i] is not null, $"{list} field {i + 1} of {fields.Count} is null.");
            Require(fields[i].Name is not null, $"{list} field {i + 1} of {fields.Count} has no name: name must not be null.");
            Require(fields[i].Type is not null, $"{list} field '{fields[i].Name}' has no type: type must not be null.");
        }
    }

    private static void RequireKeys(IReadOnlyList<Field> keys, string list)
    {
        var nested = keys.FirstOrDefault(f => !f.Type.IsPrimitive);
        Require(nested is null, $"{list} key fields must have a primitive type: '{nested?.Name}' is {nested?.Type}, not Int, Long, String or ByteArray.");
        var nullable = keys.FirstOrDefault(f => f.IsNullable);
        Require(nullable is null, $"{list} key fields cannot be nullable: '{nullable?.Name}' is.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
