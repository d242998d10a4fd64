using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Differential;

/// <summary>Rows as lines of text, made in the same form from values and by DuckDB.</summary>
/// <remarks>Columns joined by <c>|</c>; structs as <c>{a,b}</c>, lists as <c>[a,b]</c>, maps as <c>[k:v,k:v]</c> with the entries sorted; null as <c>null</c>.</remarks>
internal static class NestedText
{
    /// <summary>A row's values, one for each column.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="nodes">The columns as the file has them.</param>
    /// <param name="row">The values.</param>
    public static string Of(IReadOnlyList<NestedType> columns, IReadOnlyList<SchemaNode> nodes, object?[] row) =>
        string.Join('|', columns.Select((column, i) => Of(column, nodes[i], row[i])));

    /// <summary>What makes DuckDB give the same text.</summary>
    public static string Sql(IReadOnlyList<NestedType> columns) =>
        string.Join(" || '|' || ", columns.Select(column => $"coalesce({Sql(column, Quote(column.Name), 0)}, 'null')"));

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Of(NestedType type, SchemaNode node, object? value)
    {
        if (value is null)
        {
            return "null";
        }

        if (type.Kind == NestedKind.Leaf)
        {
            return LeafText.Of(node, value);
        }

        var parts = (object?[])value;
        switch (type.Kind)
        {
            case NestedKind.Struct:
                return '{' + string.Join(',', parts.Select((part, i) => Of(type.Children[i], node.Children[i], part))) + '}';
            case NestedKind.List:
                return '[' + string.Join(',', parts.Select(part => Of(type.Children[0], node.Children[0].Children[0], part))) + ']';
            default:
                var entry = node.Children[0];
                return LeafText.OfMap(parts.Cast<object?[]>().Select(
                    pair => Of(type.Children[0], entry.Children[0], pair[0]) + ':' + Of(type.Children[1], entry.Children[1], pair[1])));
        }
    }

    private static string Sql(NestedType type, string value, int depth)
    {
        string item = $"i{depth}";
        switch (type.Kind)
        {
            case NestedKind.Leaf:
                return type.Leaf!.Text(value);
            case NestedKind.Struct:
                var members = type.Children.Select(child => $"coalesce({Sql(child, $"struct_extract({value}, '{child.Name}')", depth)}, 'null')");
                return $"CASE WHEN {value} IS NULL THEN NULL ELSE '{{' || {string.Join(" || ',' || ", members)} || '}}' END";
            case NestedKind.List:
                return $"'[' || array_to_string(list_transform({value}, lambda {item}: coalesce({Sql(type.Children[0], item, depth + 1)}, 'null')), ',') || ']'";
            default:
                string entry = $"{Sql(type.Children[0], $"{item}.key", depth + 1)} || ':' || coalesce({Sql(type.Children[1], $"{item}.value", depth + 1)}, 'null')";
                return $"'[' || array_to_string(list_sort(list_transform(map_entries({value}), lambda {item}: {entry})), ',') || ']'";
        }
    }
}
