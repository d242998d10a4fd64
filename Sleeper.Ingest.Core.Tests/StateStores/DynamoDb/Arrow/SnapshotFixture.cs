using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Arrow;

/// <summary>A snapshot of <c>Fixtures/arrow</c> with its content.</summary>
internal sealed class SnapshotFixture(string name)
{
    private static readonly string Folder = RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "arrow");

    public static IEnumerable<string> Names => Directory.GetFiles(Folder, "*.arrow").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal);

    public bool IsFiles => name.Contains("files", StringComparison.Ordinal);

    public byte[] Bytes => File.ReadAllBytes(Path.Combine(Folder, name + ".arrow"));

    public JsonElement Meta => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, name + ".meta.json"))).RootElement.Clone();

    public Schema Schema => IsFiles ? TableFixture.TableSchema : Schema.Parse(Meta.GetProperty("schema").GetRawText());

    public IEnumerable<JsonElement> Rows
    {
        get
        {
            string path = Path.Combine(Folder, name + ".jsonl");
            using var text = File.Exists(path)
                ? new StreamReader(path, Encoding.UTF8)
                : new StreamReader(new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress), Encoding.UTF8);
            while (text.ReadLine() is { } line)
            {
                yield return JsonDocument.Parse(line).RootElement.Clone();
            }
        }
    }

    /// <summary>The rows of a snapshot as text: files or partitions.</summary>
    public async Task<(List<string> Rows, int Batches)> ReadAsync(byte[] bytes)
    {
        var reader = new ArrowStreamReader(new InMemoryObjectReader("memory", name, bytes));
        ArrowField.RequireSame(IsFiles ? SnapshotFormat.Files : SnapshotFormat.Partitions, await reader.ReadSchemaAsync(CancellationToken.None));
        var rows = new List<string>();
        int batches = 0;
        for (; await reader.NextBatchAsync(CancellationToken.None) is { } batch; batches++)
        {
            for (int i = 0; i < batch[0].Length; i++)
            {
                rows.Add(IsFiles ? Text(SnapshotFormat.ReadFile(batch, i)) : Text(SnapshotFormat.ReadPartition(batch, i, Schema)));
            }
        }

        return (rows, batches);
    }

    public string ExpectedText(JsonElement row) => IsFiles
        ? $"{row.GetProperty("filename").GetString()} {row.GetProperty("updateTime").GetInt64()} ["
            + string.Join("; ", row.GetProperty("references").EnumerateArray().OrderBy(r => r.GetProperty("partitionId").GetString(), StringComparer.Ordinal).Select(r => string.Join(
                ' ', r.GetProperty("partitionId").GetString(), r.GetProperty("numberOfRows").GetInt64(), r.GetProperty("jobId").GetString() ?? "null",
                r.GetProperty("countApproximate").GetBoolean(), r.GetProperty("onlyContainsDataForThisPartition").GetBoolean(), r.GetProperty("lastStateStoreUpdateTime").GetInt64()))) + "]"
        : Text(PartitionJson.Read(row, Schema));

    private static string Text(FileState file) => $"{file.Name} {file.UpdateTime.ToUnixTimeMilliseconds()} ["
        + string.Join("; ", file.References.Values.OrderBy(r => r.PartitionId, StringComparer.Ordinal).Select(r => string.Join(
            ' ', r.PartitionId, r.NumberOfRows, r.JobId ?? "null", r.CountApproximate, r.OnlyContainsDataForThisPartition, r.UpdateTime.ToUnixTimeMilliseconds()))) + "]";

    private static string Text(Partition p) => $"{p.Id} of {p.ParentId ?? "none"} over [{string.Join(", ", p.ChildIds)}] by {p.Dimension}: {Json(p)}";

    private static string Json(Partition partition)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            PartitionJson.Write(json, partition);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
