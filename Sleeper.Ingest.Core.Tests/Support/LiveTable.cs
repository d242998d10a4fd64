using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A table of an instance whose DynamoDB is in this process and whose data bucket is in memory.</summary>
/// <remarks>Names of DynamoDB tables and of the bucket are those of a small instance called <c>demo</c>.</remarks>
internal sealed class LiveTable
{
    public const string FilesLog = "sleeper-demo-file-transaction-log";
    public const string PartitionsLog = "sleeper-demo-partition-transaction-log";
    public const string LatestSnapshots = "sleeper-demo-transaction-log-latest-snapshots";
    public const string Root = "s3a://sleeper-demo-table-data-111122223333/";
    public const string TableId = "1f2e3d4c";

    public LiveTable(Schema? schema = null)
    {
        Identity = new LiveTableIdentity
        {
            TableId = TableId,
            TableName = "events",
            Schema = schema ?? TableFixture.TableSchema,
            FilesLog = FilesLog,
            PartitionsLog = PartitionsLog,
            LatestSnapshots = LatestSnapshots,
            DataBucket = Bucket,
            FileNameRoot = Root,
        };
        DynamoDb.AddTable(FilesLog, "TABLE_ID", "TRANSACTION_NUMBER");
        DynamoDb.AddTable(PartitionsLog, "TABLE_ID", "TRANSACTION_NUMBER");
        DynamoDb.AddTable(LatestSnapshots, "TABLE_ID");
    }

    public InProcessDynamoDb DynamoDb { get; } = new();

    public InMemoryObjectStore Bucket { get; } = new();

    public LiveTableIdentity Identity { get; set; }

    public LiveTablePaths Paths => new(Root, TableId);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A table with the leaves <c>p0</c> (below "m") and <c>p1</c>.</summary>
    public static async Task<LiveTable> CreateAsync()
    {
        var table = new LiveTable();
        using var store = table.Open(99);
        await store.InitialisePartitionsAsync(TableFixture.Tree("m"), Token);
        table.DynamoDb.ForgetCalls();
        return table;
    }

    /// <summary>A store as another process would have it. Waits take no time unless a clock is given.</summary>
    public DynamoDbStateStore Open(int seed = 1, LiveStoreSettings? settings = null, TimeProvider? time = null, IAmazonDynamoDB? client = null, IObjectStore? bucket = null) =>
        new(
            client ?? DynamoDb.NewClient(),
            bucket is null ? Identity : Identity with { DataBucket = bucket },
            settings ?? new LiveStoreSettings(),
            TableFixture.Options(seed, time ?? new StateStoreClock { Patience = TimeSpan.FromSeconds(60) }));

    /// <summary>A commit of files of so many rows each on a partition.</summary>
    public IngestCommit Commit(IngestAttempt attempt, long rows = 10, string partitionId = "p0", int files = 1, long plannedOn = 1)
    {
        var data = Enumerable.Range(0, files).Select(i =>
        {
            string name = Paths.DataFile(partitionId, attempt.FileNamePrefix, i);
            return new DataFile(name, 100 + i, [new FileReference(name, partitionId, rows)]);
        });
        return new IngestCommit([.. data], rows * files, plannedOn);
    }

    public async Task<CommitResult> CommitAsync(IStateStore store, string ingestId, long rows = 10, int files = 1)
    {
        var attempt = await store.BeginAttemptAsync(ingestId, Token);
        return await store.CommitAsync(attempt, Commit(attempt, rows, files: files), Token);
    }

    /// <summary>Appends an entry as another program.</summary>
    public void PutOutside(string log, long number, string type, string? body, long time = 1767323045678, string? bodyKey = null)
    {
        var item = new JsonObject
        {
            ["TABLE_ID"] = new JsonObject { ["S"] = TableId },
            ["TRANSACTION_NUMBER"] = new JsonObject { ["N"] = $"{number}" },
            ["UPDATE_TIME"] = new JsonObject { ["N"] = $"{time}" },
            ["TYPE"] = new JsonObject { ["S"] = type },
        };
        if (body is not null)
        {
            item["BODY"] = new JsonObject { ["S"] = body };
        }

        if (bodyKey is not null)
        {
            item["BODY_S3_KEY"] = new JsonObject { ["S"] = bodyKey };
        }

        DynamoDb.Put(log, item);
    }

    /// <summary>The numbers in a log, ascending.</summary>
    public IReadOnlyList<long> Numbers(string log = FilesLog) => [.. DynamoDb.Items(log).Select(i => long.Parse((string)i["TRANSACTION_NUMBER"]!["N"]!))];

    /// <summary>The bodies in the files log, by number.</summary>
    public IReadOnlyList<JsonElement> Bodies() => [.. DynamoDb.Items(FilesLog).Select(i => JsonDocument.Parse((string)i["BODY"]!["S"]!).RootElement.Clone())];

    public PartitionTree Tree { get; } = TableFixture.Tree("m");
}
