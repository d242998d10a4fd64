using System.Text.Json;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Rows as one line of text each, the same for the original's JSON and for ours: entries of maps in the order of their texts.</summary>
internal static class LiveRows
{
    /// <summary>The rows of a <c>rows.jsonl</c>, sorted.</summary>
    public static List<string> Expected(string jsonLines, Schema schema) =>
        [.. jsonLines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => ExpectedLine(line, schema).Row).Order(StringComparer.Ordinal)];

    /// <summary>A line of a <c>rows.jsonl</c>: the leaf that the original found the row in, and the row.</summary>
    public static (string Leaf, string Row) ExpectedLine(string line, Schema schema)
    {
        using var json = JsonDocument.Parse(line);
        var row = json.RootElement.GetProperty("row");
        return (
            json.RootElement.GetProperty("leaf").GetString()!,
            string.Join(" | ", schema.AllFields.Select(f => row.TryGetProperty(f.Name, out var value) ? Text(value, f.Type) : "null")));
    }

    public static string Text(Row row) => string.Join(" | ", row.Values.ToArray().Select(Text));

    public static async Task<List<string>> ReadAsync(IAsyncEnumerable<Row> rows)
    {
        var texts = new List<string>();
        await foreach (var row in rows)
        {
            texts.Add(Text(row));
        }

        texts.Sort(StringComparer.Ordinal);
        return texts;
    }

    /// <summary>Rows of a schema whose text keys are a few small letters.</summary>
    public static List<Row> Make(Schema schema, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new Row(schema, [.. schema.AllFields.Select((f, i) => Value(random, f, isKey: i < schema.KeyFieldCount))]))];
    }

    private static FieldValue Value(Random random, Field field, bool isKey) => !isKey && field.IsNullable && random.Next(4) == 0 ? FieldValue.Null : Value(random, field.Type);

    private static FieldValue Value(Random random, FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => random.Next(int.MinValue, int.MaxValue),
        FieldTypeKind.Long => random.NextInt64(long.MinValue, long.MaxValue),
        FieldTypeKind.String => Text(random),
        FieldTypeKind.ByteArray => FieldValue.FromBytes(Bytes(random)),
        FieldTypeKind.List => FieldValue.FromList(Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, type.ElementType!))),
        _ => FieldValue.FromMap(
            Enumerable.Range(0, random.Next(3)).Select(_ => KeyValuePair.Create(Value(random, type.KeyType!), Value(random, type.ValueType!))).DistinctBy(e => Text(e.Key))),
    };

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 7)).Select(_ => (char)('a' + random.Next(26))));

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(6)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Text(JsonElement value, FieldType type) => value.ValueKind == JsonValueKind.Null
        ? "null"
        : type.Kind switch
        {
            FieldTypeKind.Int or FieldTypeKind.Long => value.GetRawText(),
            FieldTypeKind.String => JsonSerializer.Serialize(value.GetString()),
            FieldTypeKind.ByteArray => "base64 " + value.GetString(),
            FieldTypeKind.List => $"[{string.Join(", ", value.EnumerateArray().Select(v => Text(v, type.ElementType!)))}]",
            _ => Entries(value.EnumerateArray().Select(e => $"{Text(e[0], type.KeyType!)}: {Text(e[1], type.ValueType!)}")),
        };

    private static string Text(FieldValue value) => value.Kind switch
    {
        FieldValueKind.Null => "null",
        FieldValueKind.Int => value.AsInt().ToString(System.Globalization.CultureInfo.InvariantCulture),
        FieldValueKind.Long => value.AsLong().ToString(System.Globalization.CultureInfo.InvariantCulture),
        FieldValueKind.String => JsonSerializer.Serialize(value.AsString()),
        FieldValueKind.ByteArray => "base64 " + Convert.ToBase64String(value.AsBytes().Span),
        FieldValueKind.List => $"[{string.Join(", ", value.AsList().Select(Text))}]",
        _ => Entries(value.AsMap().Select(e => $"{Text(e.Key)}: {Text(e.Value)}")),
    };

    private static string Entries(IEnumerable<string> entries) => $"{{{string.Join(", ", entries.Order(StringComparer.Ordinal))}}}";
}
