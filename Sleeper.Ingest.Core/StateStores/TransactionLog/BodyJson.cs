using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Reads members of transaction bodies as leniently as the Java system does: null is absent, of a member given twice the last counts.</summary>
internal static class BodyJson
{
    /// <summary>Compact, and with nothing escaped that JSON lets stand: bodies are read by JSON parsers only.</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonElement? Optional(JsonElement json, string member)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new TransactionFormatException($"an object with the member '{member}' is expected where a JSON {json.ValueKind} stands.");
        }

        try
        {
            return json.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        catch (InvalidOperationException)
        {
            throw new TransactionFormatException($"beside the member '{member}' there is a name with half of a surrogate pair, which is not text.");
        }
    }

    public static JsonElement Required(JsonElement json, string member) =>
        Optional(json, member) ?? throw new TransactionFormatException($"the member '{member}' is missing.");

    public static string Text(JsonElement json, string member) => Text(Required(json, member));

    public static string? OptionalText(JsonElement json, string member) => Optional(json, member) is { } value ? Text(value) : null;

    public static string Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new TransactionFormatException($"a string is expected where a JSON {value.ValueKind} stands.");
        }
        catch (InvalidOperationException)
        {
            throw new TransactionFormatException("a string holds half of a surrogate pair, which is not text.");
        }
    }

    public static JsonElement.ArrayEnumerator Array(JsonElement json, string member)
    {
        var value = Required(json, member);
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw new TransactionFormatException($"the member '{member}' is not an array.");
    }

    public static bool Flag(JsonElement json, string member) => Optional(json, member) is { ValueKind: JsonValueKind.True };

    public static long? OptionalLong(JsonElement json, string member) => Optional(json, member) is { } value ? WholeNumber(value, member) : null;

    /// <summary>A whole number of 64 bits; the forms <c>"3"</c> and <c>3.0</c> are taken too, and none goes through a double.</summary>
    public static long Long(JsonElement json, string member) => WholeNumber(Required(json, member), member);

    public static string[] Texts(JsonElement json, string member) => [.. Array(json, member).Select(Text)];

    public static void WriteTexts(Utf8JsonWriter json, string member, IReadOnlyList<string> values)
    {
        json.WriteStartArray(member);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static long WholeNumber(JsonElement value, string member)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number))
        {
            return number;
        }

        string text = value.ValueKind == JsonValueKind.String ? Text(value) : value.GetRawText();
        return value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            && decimal.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out decimal exact)
            && exact == decimal.Truncate(exact) && exact is >= long.MinValue and <= long.MaxValue
            ? (long)exact
            : throw new TransactionFormatException($"the member '{member}' is not a whole number of 64 bits.");
    }
}
