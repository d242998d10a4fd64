using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The bytes of one log entry of an own table. FORMAT.md beside this file has the whole picture.</summary>
/// <remarks>
/// <code>
/// {"header":{"format":1,"table":"0a1b2c3d","log":"files","number":7,"type":"ADD_FILES","time":1767323045678,"writer":"host/42",
///            "ingest":"...","attempt":"...","end":true,"opened":6,"partitions":1,"rows":120,"fileCount":1,"digest":"...","ledgerFrom":3,
///            "before":"64 hex digits: checksum of entry 6","content":"64 hex digits: SHA-256 of the bytes of body and lengths"},
///  "checksum":"64 hex digits: SHA-256 of the bytes of header, braces included",
///  "body":{...},               Sleeper's transaction; null if trimmed
///  "lengths":[8123]}           sizes of the files in bytes; absent where there are no files, or trimmed
/// </code>
/// UTF-8, no white space between these members. The checksum covers the header, and through "content" the body, so that a trimmed entry keeps
/// its checksum and its place in the chain. Members of the header that are 0, false, empty or null are left out; unknown ones are ignored, and
/// covered by the checksum all the same.
/// </remarks>
internal static class EntryFormat
{
    /// <summary>The newest format that this library reads, and the one it writes.</summary>
    public const int Version = 1;

    public static byte[] Write(LogEntry entry, out string checksum)
    {
        byte[] lengths = WriteLengths(entry.FileLengths);
        byte[] header = WriteHeader(entry.Header, Digest(entry.Body.Span, lengths));
        checksum = Convert.ToHexStringLower(SHA256.HashData(header));
        var bytes = new ArrayBufferWriter<byte>(header.Length + entry.Body.Length + lengths.Length + 128);
        using (var json = new Utf8JsonWriter(bytes, BodyJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WritePropertyName("header");
            json.WriteRawValue(header, skipInputValidation: true);
            json.WriteString("checksum", checksum);
            json.WritePropertyName("body");
            json.WriteRawValue(entry.Body.Span, skipInputValidation: true);
            if (lengths.Length > 0)
            {
                json.WritePropertyName("lengths");
                json.WriteRawValue(lengths, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads an entry and checks it against its own checksums; the chain is the caller's to check.</summary>
    /// <exception cref="TableDamagedException">It is not an entry, or not as it was written.</exception>
    /// <exception cref="UnsupportedTableException">Its format is from the future.</exception>
    public static LogEntry Read(ReadOnlyMemory<byte> bytes, string objectName)
    {
        var parts = EntryParts.Find(bytes, objectName);
        using var headerJson = ParseHeader(parts.Header, objectName);
        try
        {
            RequireKnownVersion(headerJson.RootElement, objectName);
            string checksum = Convert.ToHexStringLower(SHA256.HashData(parts.Header.Span));
            if (checksum != parts.Checksum)
            {
                throw new TableDamagedException(objectName, $"The checksum of its header is {checksum}, but {parts.Checksum} is written there.");
            }

            var header = ReadHeader(headerJson.RootElement);
            string content = BodyJson.Text(headerJson.RootElement, "content");
            if (!parts.Body.IsEmpty && content != Digest(parts.Body.Span, parts.Lengths.Span))
            {
                throw new TableDamagedException(objectName, "Its body is not the one that its header has the digest of.");
            }

            return new LogEntry(header, parts.Body, ReadLengths(parts.Lengths), checksum);
        }
        catch (TransactionFormatException e)
        {
            throw new TableDamagedException(objectName, $"Its header cannot be read: {e.Message}");
        }
    }

    /// <summary>An entry's bytes without its body and lengths. The header stays as it stands, with members that this version does not know.</summary>
    public static byte[] Trim(ReadOnlyMemory<byte> bytes, string objectName)
    {
        var parts = EntryParts.Find(bytes, objectName);
        return [.. "{\"header\":"u8, .. parts.Header.Span, .. ",\"checksum\":\""u8, .. System.Text.Encoding.ASCII.GetBytes(parts.Checksum), .. "\",\"body\":null}"u8];
    }

    private static JsonDocument ParseHeader(ReadOnlyMemory<byte> header, string objectName)
    {
        try
        {
            return JsonDocument.Parse(header);
        }
        catch (JsonException e)
        {
            throw new TableDamagedException(objectName, $"Its header is not JSON: {e.Message}.");
        }
    }

    private static void RequireKnownVersion(JsonElement header, string objectName)
    {
        if (BodyJson.Optional(header, "format") is { ValueKind: JsonValueKind.Number } format && format.TryGetInt32(out int version) && version > Version)
        {
            throw new UnsupportedTableException(
                $"{objectName} is of table format {version}, but this library knows formats up to {Version}. Use a newer version of the library.");
        }
    }

    private static byte[] WriteHeader(EntryHeader header, string content)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(bytes, BodyJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Version);
            json.WriteString("table", header.TableId);
            json.WriteString("log", header.Log.Name());
            json.WriteNumber("number", header.Number);
            json.WriteString("type", header.Type.Name());
            json.WriteNumber("time", header.Time.ToUnixTimeMilliseconds());
            json.WriteString("writer", header.Writer);
            WriteIf(json, "ingest", header.IngestId);
            WriteIf(json, "attempt", header.AttemptId);
            if (header.IsEnd)
            {
                json.WriteBoolean("end", true);
            }

            WriteIf(json, "opened", header.OpenedAt);
            WriteIf(json, "partitions", header.PartitionsNumber);
            WriteIf(json, "rows", header.RowCount);
            WriteIf(json, "fileCount", header.FileCount);
            WriteIf(json, "digest", header.Digest);
            WriteIf(json, "ledgerFrom", header.LedgerFrom ?? 0);
            WriteIf(json, "before", header.Before);
            json.WriteString("content", content);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static EntryHeader ReadHeader(JsonElement json)
    {
        string log = BodyJson.Text(json, "log");
        string type = BodyJson.Text(json, "type");
        return new EntryHeader
        {
            TableId = BodyJson.Text(json, "table"),
            Log = log == "files" ? LogKind.Files
                : log == "partitions" ? LogKind.Partitions
                : throw new TransactionFormatException($"there is no log '{log}'."),
            Number = BodyJson.Long(json, "number"),
            Type = TransactionTypes.Parse(type)
                ?? throw new TransactionFormatException($"the transaction type '{type}' is unknown; a newer version of the library may know it."),
            Time = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(BodyJson.Long(json, "time"), 0, 253402300799999)),
            Writer = BodyJson.Text(json, "writer"),
            IngestId = BodyJson.OptionalText(json, "ingest"),
            AttemptId = BodyJson.OptionalText(json, "attempt"),
            IsEnd = BodyJson.Flag(json, "end"),
            OpenedAt = BodyJson.OptionalLong(json, "opened") ?? 0,
            PartitionsNumber = BodyJson.OptionalLong(json, "partitions") ?? 0,
            RowCount = BodyJson.OptionalLong(json, "rows") ?? 0,
            FileCount = (int)(BodyJson.OptionalLong(json, "fileCount") ?? 0),
            Digest = BodyJson.OptionalText(json, "digest") ?? "",
            LedgerFrom = BodyJson.OptionalLong(json, "ledgerFrom"),
            Before = BodyJson.OptionalText(json, "before") ?? "",
        };
    }

    private static byte[] WriteLengths(IReadOnlyList<long> lengths) =>
        lengths.Count == 0 ? [] : System.Text.Encoding.ASCII.GetBytes($"[{string.Join(',', lengths)}]");

    private static long[] ReadLengths(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.EnumerateArray().Select(n => n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out long length)
                ? length
                : throw new TransactionFormatException($"the length of a file is not a whole number but a JSON {n.ValueKind}.")),
        ];
    }

    private static string Digest(ReadOnlySpan<byte> body, ReadOnlySpan<byte> lengths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(body);
        hash.AppendData(lengths);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void WriteIf(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteIf(Utf8JsonWriter json, string name, long value)
    {
        if (value != 0)
        {
            json.WriteNumber(name, value);
        }
    }
}
