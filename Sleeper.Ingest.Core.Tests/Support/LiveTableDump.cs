using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>One table of an instance that the Java system left (<c>Fixtures/live-instance</c>), its logs in a DynamoDB of this process and its bucket in memory.</summary>
internal sealed class LiveTableDump
{
    private const string Instance = "sleeper-fixture";
    private const string DataBucketName = Instance + "-table-data-123456789012";
    private readonly string _folder;
    private readonly string _tableName;

    private LiveTableDump(string folder, string tableName)
    {
        _folder = folder;
        _tableName = tableName;
    }

    /// <summary>Every table of every dump.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (string dump in LiveInstanceDump.Names)
            {
                foreach (string table in Directory.GetDirectories(Path.Combine(LiveInstanceDump.FolderOf(dump), "expected")).Order(StringComparer.Ordinal))
                {
                    all.Add(dump, Path.GetFileName(table));
                }
            }

            return all;
        }
    }

    public InProcessDynamoDb DynamoDb { get; } = new();

    public required InMemoryObjectStore Bucket { get; init; }

    public required LiveTableIdentity Identity { get; init; }

    public static async Task<LiveTableDump> LoadAsync(string dump, string tableName)
    {
        string folder = LiveInstanceDump.FolderOf(dump);
        string tableId = Json(Path.Combine(folder, "expected", tableName, "table.json")).GetProperty("tableId").GetString()!;
        string properties = await File.ReadAllTextAsync(Path.Combine(folder, "s3", Instance + "-config-123456789012", "tables", $"table-{tableId}.properties"));
        var bucket = new InMemoryObjectStore();
        var loaded = new LiveTableDump(folder, tableName)
        {
            Bucket = bucket,
            Identity = new LiveTableIdentity
            {
                TableId = tableId,
                TableName = tableName,
                Schema = Schema.Parse(PropertiesText.Read(properties)["sleeper.table.schema"]),
                FilesLog = Instance + "-file-transaction-log",
                PartitionsLog = Instance + "-partition-transaction-log",
                LatestSnapshots = Instance + "-transaction-log-latest-snapshots",
                DataBucket = bucket,
                FileNameRoot = $"s3a://{DataBucketName}/",
            },
        };
        loaded.LoadLogs();
        await loaded.LoadBucketAsync();
        return loaded;
    }

    public DynamoDbStateStore Open(int seed = 1, LiveStoreSettings? settings = null) =>
        new(DynamoDb.NewClient(), Identity, settings ?? new LiveStoreSettings(), TableFixture.Options(seed));

    public JsonElement Expected(string file) => Json(Path.Combine(_folder, "expected", _tableName, file));

    /// <summary>The entries still in a log, in upstream's words, by number.</summary>
    public IEnumerable<JsonElement> ExpectedEntries(string log) => Directory.GetFiles(Path.Combine(_folder, "expected", _tableName, "transactions"), $"{log}-*.json")
        .Select(Json).OrderBy(e => e.GetProperty("number").GetInt64());

    private static JsonElement Json(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
        return json.RootElement.Clone();
    }

    private void LoadLogs()
    {
        foreach (string table in new[] { Identity.FilesLog, Identity.PartitionsLog, Identity.LatestSnapshots! })
        {
            DynamoDb.AddTable(table, "TABLE_ID", table == Identity.LatestSnapshots ? null : "TRANSACTION_NUMBER");
            foreach (string line in File.ReadLines(Path.Combine(_folder, "dynamodb", table + ".jsonl")))
            {
                DynamoDb.Put(table, JsonNode.Parse(line)!.AsObject());
            }
        }
    }

    private async Task LoadBucketAsync()
    {
        foreach (var found in Json(Path.Combine(_folder, "s3", "index.json")).GetProperty("objects").EnumerateArray())
        {
            if (found.GetProperty("bucket").GetString() == DataBucketName)
            {
                await Bucket.PutAsync(found.GetProperty("key").GetString()!, await File.ReadAllBytesAsync(Path.Combine(_folder, found.GetProperty("file").GetString()!)));
            }
        }
    }
}
