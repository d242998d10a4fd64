using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>A new live table on a server: the three DynamoDB tables with names of their own, and a bucket.</summary>
internal sealed class LiveLogServer : IDisposable
{
    private readonly List<IDisposable> _clients = [];
    private readonly Func<IAmazonDynamoDB> _newClient;

    private LiveLogServer(string serviceUrl, Func<IAmazonDynamoDB> newClient, LiveTableIdentity identity)
    {
        ServiceUrl = serviceUrl;
        _newClient = newClient;
        Identity = identity;
    }

    /// <summary>The servers that tests run over.</summary>
    public static TheoryData<string> Kinds => ["in process", "moto", "dynalite"];

    public string ServiceUrl { get; }

    public LiveTableIdentity Identity { get; }

    public LiveTablePaths Paths => new(Identity.FileNameRoot, Identity.TableId);

    /// <summary>Makes the table, with the leaves p0 (below "m") and p1.</summary>
    public static async Task<LiveLogServer> CreateAsync(string kind)
    {
        var server = await MakeAsync(kind);
        using var store = server.Open(99);
        await store.InitialisePartitionsAsync(TableFixture.Tree("m"), TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>A store as another process would have it, with real waits, which are short.</summary>
    public DynamoDbStateStore Open(int seed)
    {
        var client = _newClient();
        _clients.Add(client);
        var settings = new LiveStoreSettings { FirstRetryWait = TimeSpan.FromMilliseconds(5), MaxRetryWait = TimeSpan.FromMilliseconds(200), MaxAttempts = 100 };
        return new DynamoDbStateStore(client, Identity, settings, TableFixture.Options(seed, TimeProvider.System));
    }

    public void Dispose() => _clients.ForEach(c => c.Dispose());

    private static async Task<LiveLogServer> MakeAsync(string kind)
    {
        if (kind == "in process")
        {
            var table = new LiveTable();
            return new LiveLogServer("", () => table.DynamoDb.NewClient(), table.Identity);
        }

        var identity = NewIdentity(new InMemoryObjectStore(), "bucket");
        LiveLogServer server;
        if (kind == "dynalite")
        {
            var dynalite = await Dynalite.GetAsync();
            server = new LiveLogServer(dynalite.ServiceUrl, () => dynalite.NewClient(), identity);
        }
        else
        {
            var aws = await AwsEmulator.GetAsync();
            string bucket = await aws.NewBucketAsync("live");
            var s3 = aws.NewS3Client();
            server = new LiveLogServer(aws.ServiceUrl, () => aws.NewDynamoDbClient(), NewIdentity(new S3ObjectStore(s3, bucket), bucket));
            server._clients.Add(s3);
        }

        using var client = server._newClient();
        await CreateTableAsync(client, server.Identity.FilesLog, "TRANSACTION_NUMBER");
        await CreateTableAsync(client, server.Identity.PartitionsLog, "TRANSACTION_NUMBER");
        await CreateTableAsync(client, server.Identity.LatestSnapshots!, null);
        return server;
    }

    private static LiveTableIdentity NewIdentity(IObjectStore bucket, string bucketName) => new()
    {
        TableId = LiveTable.TableId,
        TableName = "events",
        Schema = TableFixture.TableSchema,
        FilesLog = AwsEmulator.UniqueName("files-log"),
        PartitionsLog = AwsEmulator.UniqueName("partitions-log"),
        LatestSnapshots = AwsEmulator.UniqueName("latest-snapshots"),
        DataBucket = bucket,
        FileNameRoot = $"s3a://{bucketName}/",
    };

    private static async Task CreateTableAsync(IAmazonDynamoDB client, string name, string? rangeKey)
    {
        var request = new CreateTableRequest
        {
            TableName = name,
            BillingMode = BillingMode.PAY_PER_REQUEST,
            AttributeDefinitions = [new AttributeDefinition("TABLE_ID", ScalarAttributeType.S)],
            KeySchema = [new KeySchemaElement("TABLE_ID", KeyType.HASH)],
        };
        if (rangeKey is not null)
        {
            request.AttributeDefinitions.Add(new AttributeDefinition(rangeKey, ScalarAttributeType.N));
            request.KeySchema.Add(new KeySchemaElement(rangeKey, KeyType.RANGE));
        }

        await client.CreateTableAsync(request);
        while ((await client.DescribeTableAsync(name)).Table.TableStatus != TableStatus.ACTIVE)
        {
            // Dynalite says that a table is made before it is; asking again takes long enough.
        }
    }
}
