using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>What the checker takes from <c>table.properties</c>.</summary>
internal sealed class CheckedProperties
{
    private CheckedProperties(string tableId, IReadOnlyList<CheckedField> rowKeys, IReadOnlyList<CheckedField> sortKeys, IReadOnlyList<CheckedField> values)
    {
        TableId = tableId;
        RowKeys = rowKeys;
        SortKeys = sortKeys;
        AllFields = [.. rowKeys, .. sortKeys, .. values];
    }

    public string TableId { get; }

    public IReadOnlyList<CheckedField> RowKeys { get; }

    public IReadOnlyList<CheckedField> SortKeys { get; }

    public IReadOnlyList<CheckedField> AllFields { get; }

    public static CheckedProperties Read(string path)
    {
        var values = File.ReadAllLines(path).Where(line => !line.StartsWith('#') && line.Contains('=', StringComparison.Ordinal))
            .ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => Unescape(line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]));
        using var schema = JsonDocument.Parse(values["sleeper.table.schema"]);
        return new CheckedProperties(
            values["sleeper.table.id"], Fields(schema.RootElement, "rowKeyFields"), Fields(schema.RootElement, "sortKeyFields"), Fields(schema.RootElement, "valueFields"));
    }

    private static CheckedField[] Fields(JsonElement schema, string member) => schema.TryGetProperty(member, out var fields)
        ? [.. fields.EnumerateArray().Select(f => new CheckedField(f.GetProperty("name").GetString()!, f.GetProperty("type").GetString()!))]
        : [];

    /// <summary>Of the escapes of a properties file only a backslash before a character occurs in names of ASCII letters.</summary>
    private static string Unescape(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\\(.)", "$1");
}
