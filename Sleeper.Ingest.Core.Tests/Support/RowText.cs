using System.Globalization;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Rows as one line of text each, made in the same form from our values, by DuckDB, and from what hyparquet printed.</summary>
/// <remarks>Fields are joined by <c>|</c>: numbers as digits, text and bytes as <c>"hex"</c>, lists as <c>[a,b]</c>, maps as <c>[k:v,k:v]</c>, null as <c>null</c>.</remarks>
internal static partial class RowText
{
    public static string Of(Row row)
    {
        var text = new StringBuilder();
        for (int i = 0; i < row.Values.Length; i++)
        {
            text.Append(i == 0 ? "" : "|").Append(Of(row[i]));
        }

        return text.ToString();
    }

    /// <summary>What makes DuckDB give the same text, as one expression over the columns of the schema.</summary>
    /// <param name="schema">The fields.</param>
    /// <param name="source">The SQL of a field where it is not the column itself.</param>
    public static string Sql(Schema schema, Func<Field, string>? source = null) =>
        string.Join(" || '|' || ", schema.AllFields.Select(f => $"coalesce({Sql(f.Type, source?.Invoke(f) ?? Quote(f.Name))}, 'null')"));

    /// <summary>A row that hyparquet printed. Its maps are objects, so map keys must be text or numbers, in no order.</summary>
    public static string OfHyparquet(JsonElement[] row, Schema schema) =>
        string.Join('|', row.Select((value, i) => OfJson(value, schema.AllFields[i].Type)));

    /// <summary>The text of a row with the entries of its maps sorted by their text, to compare with <see cref="OfHyparquet"/>.</summary>
    public static string OfWithSortedMaps(Row row) =>
        string.Join('|', row.Values.ToArray().Select(OfWithSortedMaps));

    /// <summary>The same for one value.</summary>
    public static string OfWithSortedMaps(FieldValue value) => value.Kind == FieldValueKind.Map ? Sorted(value.AsMap().Select(Entry)) : Of(value);

    private static string Of(FieldValue value) => value.Kind switch
    {
        FieldValueKind.Null => "null",
        FieldValueKind.Int => value.AsInt().ToString(CultureInfo.InvariantCulture),
        FieldValueKind.Long => value.AsLong().ToString(CultureInfo.InvariantCulture),
        FieldValueKind.String => $"\"{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value.AsString()))}\"",
        FieldValueKind.ByteArray => $"\"{Convert.ToHexStringLower(value.AsBytes().Span)}\"",
        FieldValueKind.List => $"[{string.Join(',', value.AsList().Select(Of))}]",
        _ => $"[{string.Join(',', value.AsMap().Select(Entry))}]",
    };

    private static string Entry(KeyValuePair<FieldValue, FieldValue> entry) => $"{Of(entry.Key)}:{Of(entry.Value)}";

    private static string Sorted(IEnumerable<string> entries) => $"[{string.Join(',', entries.Order(StringComparer.Ordinal))}]";

    private static string Sql(FieldType type, string value) => type.Kind switch
    {
        FieldTypeKind.Int or FieldTypeKind.Long => $"({value})::VARCHAR",
        FieldTypeKind.String or FieldTypeKind.ByteArray => $"'\"' || lower(hex({value})) || '\"'",
        FieldTypeKind.List => $"'[' || array_to_string(list_transform({value}, x -> {Sql(type.ElementType!, "x")}), ',') || ']'",
        _ => $"'[' || array_to_string(list_transform(map_entries({value}), e -> {Sql(type.KeyType!, "e.key")} || ':' || {Sql(type.ValueType!, "e.value")}), ',') || ']'",
    };

    private static string OfJson(JsonElement value, FieldType type) => value.ValueKind == JsonValueKind.Null ? "null" : type.Kind switch
    {
        FieldTypeKind.Int => value.GetInt32().ToString(CultureInfo.InvariantCulture),
        FieldTypeKind.Long => value.GetString()!,
        FieldTypeKind.String => $"\"{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value.GetString()!))}\"",
        FieldTypeKind.ByteArray => $"\"{value.GetString()}\"",
        FieldTypeKind.List => $"[{string.Join(',', value.EnumerateArray().Select(item => OfJson(item, type.ElementType!)))}]",
        _ => Sorted(value.EnumerateObject().Select(entry => $"{KeyText(entry.Name, type.KeyType!)}:{OfJson(entry.Value, type.ValueType!)}")),
    };

    private static string KeyText(string name, FieldType type) =>
        type.Kind == FieldTypeKind.String ? $"\"{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name))}\"" : name;

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
