using System.Text;
using System.Text.Json;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What a message says, before anything of it was checked.</summary>
/// <remarks>
/// Read as Sleeper's parser (Gson) reads it, as far as the JSON is JSON: unknown members are passed over, of a repeated member the last counts, numbers and booleans
/// are taken for texts, a trailing comma in <c>files</c> is a null. What Gson accepts beyond JSON (single quotes, names without quotes, comments) is refused, and so
/// is a half of a surrogate pair.
/// </remarks>
internal sealed record JobMessageReader
{
    private const int MaxDepth = 255; // Gson's

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth, AllowTrailingCommas = true };

    public string? Id { get; private set; }

    public string? TableName { get; private set; }

    public string? TableId { get; private set; }

    /// <summary>Null if there are none, which is not the same as none.</summary>
    public List<string?>? Files { get; private set; }

    public bool Once { get; private set; }

    public string? FirstMessageId { get; private set; }

    public int Copies { get; private set; }

    /// <summary>Why the message is no job; null if it is one.</summary>
    public string? Error { get; private init; }

    public static JobMessageReader Read(string? body)
    {
        if (string.IsNullOrWhiteSpace(body))
        {
            return new JobMessageReader { Error = body is null ? "The message has no body" : "The message is empty" };
        }

        try
        {
            var message = new JobMessageReader();
            message.ReadAll(Encoding.UTF8.GetBytes(body));
            return message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new JobMessageReader { Error = e.Message };
        }
    }

    public IngestJobMessage ToMessage() => new()
    {
        Id = Id,
        TableName = TableName,
        TableId = TableId,
        Files = [.. (Files ?? []).Select(f => f ?? "")],
        Once = Once,
        FirstMessageId = FirstMessageId,
        Copies = Copies,
    };

    private void ReadAll(byte[] bytes)
    {
        var json = new Utf8JsonReader(bytes, ReaderOptions);
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException($"Expected an object but was {NameOf(json.TokenType)}");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            ReadMember(name, ref json, bytes);
        }

        if (HasTrailingComma(json, bytes))
        {
            throw new FormatException($"Expected a name after the comma at byte {json.TokenStartIndex}");
        }

        json.Read(); // text after the object is an error of the reader's
    }

    private void ReadMember(string name, ref Utf8JsonReader json, byte[] bytes)
    {
        switch (name)
        {
            case "id":
                Id = TextOf(name, json);
                break;
            case "tableName":
                TableName = TextOf(name, json);
                break;
            case "tableId":
                TableId = TextOf(name, json);
                break;
            case "files":
                Files = ReadFiles(ref json, bytes);
                break;
            case "once" when json.TokenType is JsonTokenType.True or JsonTokenType.False:
                Once = json.GetBoolean();
                break;
            case "firstMessageId" when json.TokenType == JsonTokenType.String:
                FirstMessageId = json.GetString();
                break;
            case "copies" when json.TokenType == JsonTokenType.Number:
                Copies = json.TryGetInt32(out int copies) ? Math.Max(0, copies) : 0;
                break;
            default:
                json.Skip();
                break;
        }
    }

    private static List<string?>? ReadFiles(ref Utf8JsonReader json, byte[] bytes)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException($"Expected an array for \"files\" but was {NameOf(json.TokenType)}");
        }

        List<string?> files = [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            files.Add(TextOf("files", json));
        }

        if (HasTrailingComma(json, bytes))
        {
            files.Add(null);
        }

        return files;
    }

    private static bool HasTrailingComma(in Utf8JsonReader json, byte[] bytes)
    {
        int index = (int)json.TokenStartIndex - 1;
        while (index >= 0 && bytes[index] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            index--;
        }

        return index >= 0 && bytes[index] == (byte)',';
    }

    private static string? TextOf(string name, in Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => json.GetString(),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Number => Encoding.UTF8.GetString(json.ValueSpan),
        _ => throw new FormatException($"Expected a text for \"{name}\" but was {NameOf(json.TokenType)}"),
    };

    private static string NameOf(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
