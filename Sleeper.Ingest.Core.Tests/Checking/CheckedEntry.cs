using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>One entry of a log. Members that were left out are 0, false or empty.</summary>
internal sealed record CheckedEntry(long Number, string Checksum, JsonElement Header, JsonElement Body, IReadOnlyList<long> Lengths)
{
    public string Type => Text("type");

    public string Ingest => Text("ingest");

    public string Attempt => Text("attempt");

    public bool IsEnd => Header.TryGetProperty("end", out var end) && end.GetBoolean();

    public bool IsCommit => Type == "ADD_FILES" && Ingest.Length > 0 && !IsEnd;

    public bool IsTrimmed => Body.ValueKind == JsonValueKind.Null;

    public string Text(string member) => Text(Header, member);

    public long Long(string member) => Long(Header, member);

    public static string Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.GetString() ?? "" : "";

    public static long Long(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? value.GetInt64() : 0;
}
