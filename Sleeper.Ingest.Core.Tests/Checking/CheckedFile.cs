using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A file that the table refers to.</summary>
/// <param name="Name">Relative to the table's folder.</param>
/// <param name="Updated">Milliseconds.</param>
/// <param name="References">In their order.</param>
/// <param name="Length">Bytes as committed; -1 if the entry that says so is trimmed.</param>
internal sealed record CheckedFile(string Name, long Updated, IReadOnlyList<CheckedReference> References, long Length)
{
    /// <summary>The hash and attempt that its name begins with.</summary>
    public string Owner => Path.GetFileName(Name) is { Length: > 49 } name ? name[..49] : Name;

    public string Sketches => Path.ChangeExtension(Name, ".sketches");

    public static CheckedFile OfBody(JsonElement json, long time, long length) => new(
        json.GetProperty("filename").GetString()!,
        time,
        [.. json.GetProperty("references").EnumerateArray().Select(r => new CheckedReference(
            r.GetProperty("partitionId").GetString()!, r.GetProperty("numberOfRows").GetInt64(), r.GetProperty("countApproximate").GetBoolean(),
            !r.GetProperty("onlyContainsDataForThisPartition").GetBoolean(), time))],
        length);

    public static CheckedFile OfSnapshot(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        json.GetProperty("updated").GetInt64(),
        [.. json.GetProperty("references").EnumerateArray().Select(r => new CheckedReference(
            r.GetProperty("partition").GetString()!, r.GetProperty("rows").GetInt64(), r.TryGetProperty("approximate", out _), r.TryGetProperty("shared", out _),
            r.GetProperty("updated").GetInt64()))],
        -1);

    /// <summary>All that a snapshot says of it, to compare.</summary>
    public string Describe() => $"{Name} {Updated} {string.Join(' ', References)}";
}
