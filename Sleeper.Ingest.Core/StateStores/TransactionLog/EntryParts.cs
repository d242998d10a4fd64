using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The parts of an entry as they stand in its bytes: digests are of exactly these.</summary>
/// <param name="Header">The header's object.</param>
/// <param name="Checksum">What is written as the header's checksum.</param>
/// <param name="Body">The body's object; empty for null.</param>
/// <param name="Lengths">The array of lengths; empty if absent.</param>
internal readonly record struct EntryParts(
    ReadOnlyMemory<byte> Header, string Checksum, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Lengths)
{
    /// <exception cref="TableDamagedException">The bytes are not an object with these parts.</exception>
    public static EntryParts Find(ReadOnlyMemory<byte> bytes, string objectName)
    {
        try
        {
            return Find(bytes) ?? throw new TableDamagedException(objectName, "It is not a log entry: header, checksum or body is missing.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TableDamagedException(objectName, $"It is not the JSON of a log entry: {e.Message}.");
        }
    }

    private static EntryParts? Find(ReadOnlyMemory<byte> bytes)
    {
        var json = new Utf8JsonReader(bytes.Span);
        ReadOnlyMemory<byte> header = default;
        ReadOnlyMemory<byte> body = default;
        ReadOnlyMemory<byte> lengths = default;
        bool hasBody = false;
        string? checksum = null;
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isHeader = json.ValueTextEquals("header"u8);
            bool isChecksum = json.ValueTextEquals("checksum"u8);
            bool isBody = json.ValueTextEquals("body"u8);
            bool isLengths = json.ValueTextEquals("lengths"u8);
            json.Read();
            var token = json.TokenType;
            int start = (int)json.TokenStartIndex;
            if (isChecksum && token == JsonTokenType.String)
            {
                checksum = json.GetString();
            }

            json.Skip();
            var value = bytes[start..(int)json.BytesConsumed];
            header = isHeader && token == JsonTokenType.StartObject ? value : header;
            lengths = isLengths && token == JsonTokenType.StartArray ? value : lengths;
            body = isBody && token == JsonTokenType.StartObject ? value : body;
            hasBody |= isBody && token is JsonTokenType.StartObject or JsonTokenType.Null;
        }

        // A second read past the end makes the reader complain about anything that follows the object.
        bool ended = !json.Read();
        return ended && hasBody && !header.IsEmpty && checksum is not null ? new EntryParts(header, checksum, body, lengths) : null;
    }
}
