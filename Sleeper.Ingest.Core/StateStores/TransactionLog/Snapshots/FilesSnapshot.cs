using System.Text.Json;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>The lines of <c>files.jsonl</c>: a header, the last commits, then one line a file. FORMAT.md has the bytes.</summary>
internal static class FilesSnapshot
{
    /// <summary>So many lines of history a snapshot, and a table's state, carries.</summary>
    public const int RecentCount = 100;

    public static void WriteHeader(Utf8JsonWriter json, SnapshotHeader header, string tableId)
    {
        json.WriteStartObject();
        header.Write(json, "files", tableId);
        json.WriteEndObject();
    }

    public static void WriteRecent(Utf8JsonWriter json, CommitSummary commit)
    {
        json.WriteStartObject();
        json.WriteStartObject("recent");
        json.WriteNumber("number", commit.TransactionNumber);
        json.WriteString("ingest", commit.IngestId);
        json.WriteNumber("rows", commit.RowCount);
        json.WriteNumber("fileCount", commit.FileCount);
        json.WriteNumber("time", commit.Time.ToUnixTimeMilliseconds());
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static CommitSummary ReadRecent(JsonElement json) => new(
        BodyJson.Long(json, "number"),
        BodyJson.Text(json, "ingest"),
        BodyJson.Long(json, "rows"),
        (int)BodyJson.Long(json, "fileCount"),
        Time(json, "time"));

    /// <summary>References go by partition id: their order in memory depends on the way there.</summary>
    public static void WriteFile(Utf8JsonWriter json, FileState file)
    {
        json.WriteStartObject();
        json.WriteStartObject("file");
        json.WriteString("name", file.Name);
        json.WriteNumber("updated", file.UpdateTime.ToUnixTimeMilliseconds());
        json.WriteStartArray("references");
        foreach (var reference in file.References.Values.OrderBy(r => r.PartitionId, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("partition", reference.PartitionId);
            json.WriteNumber("rows", reference.NumberOfRows);
            if (reference.JobId is not null)
            {
                json.WriteString("job", reference.JobId);
            }

            if (reference.CountApproximate)
            {
                json.WriteBoolean("approximate", true);
            }

            if (!reference.OnlyContainsDataForThisPartition)
            {
                json.WriteBoolean("shared", true);
            }

            json.WriteNumber("updated", reference.UpdateTime.ToUnixTimeMilliseconds());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static FileState ReadFile(JsonElement json, long sequence)
    {
        var file = new FileState(BodyJson.Text(json, "name"), Time(json, "updated")) { Sequence = sequence };
        foreach (var reference in BodyJson.Array(json, "references"))
        {
            string partition = BodyJson.Text(reference, "partition");
            file.References[partition] = new FileReferenceState(
                partition,
                BodyJson.Long(reference, "rows"),
                BodyJson.OptionalText(reference, "job"),
                BodyJson.Flag(reference, "approximate"),
                !BodyJson.Flag(reference, "shared"),
                Time(reference, "updated"));
        }

        return file;
    }

    private static DateTimeOffset Time(JsonElement json, string member) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(BodyJson.Long(json, member), 0, 253402300799999));
}
