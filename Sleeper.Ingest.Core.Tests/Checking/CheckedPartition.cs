using System.Text.Json;

namespace Sleeper.Ingest.Core.Tests.Checking;

/// <summary>A partition with its region: one range for each row key, from a value up to, not including, another. Null is no end.</summary>
internal sealed record CheckedPartition(string Id, string? ParentId, bool IsLeaf, IReadOnlyList<string> ChildIds, IReadOnlyList<(string Min, string? Max)> Ranges, JsonElement Json)
{
    public static CheckedPartition Read(JsonElement json, IReadOnlyList<CheckedField> rowKeys)
    {
        var region = json.GetProperty("region");
        bool isBase64 = region.TryGetProperty("stringsBase64Encoded", out var flag) && flag.GetBoolean();
        return new CheckedPartition(
            json.GetProperty("partitionId").GetString()!,
            json.TryGetProperty("parentPartitionId", out var parent) ? parent.GetString() : null,
            json.GetProperty("isLeafPartition").GetBoolean(),
            [.. json.GetProperty("childPartitionIds").EnumerateArray().Select(c => c.GetString()!)],
            [.. rowKeys.Select(key => Range(key, region.GetProperty(key.Name), isBase64))],
            json);
    }

    public bool Contains(IReadOnlyList<string> keys)
    {
        for (int i = 0; i < Ranges.Count; i++)
        {
            if (string.CompareOrdinal(keys[i], Ranges[i].Min) < 0 || (Ranges[i].Max is { } max && string.CompareOrdinal(keys[i], max) >= 0))
            {
                return false;
            }
        }

        return true;
    }

    private static (string Min, string? Max) Range(CheckedField key, JsonElement range, bool isBase64) => (
        KeyText.OfBound(key, range.GetProperty("min"), isBase64),
        range.TryGetProperty("max", out var max) && max.ValueKind != JsonValueKind.Null ? KeyText.OfBound(key, max, isBase64) : null);
}
