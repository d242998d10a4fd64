using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.SecurityToken;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.ObjectStores.S3;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A whole instance of the Java system (<c>Fixtures/live-instance</c>) in this process: S3, DynamoDB and STS behind one handler, so that any request to any of them can go wrong.</summary>
/// <remarks>
/// <code>
/// var place = InProcessInstance.Load("04-snapshotted");
/// place.Http.LoseReply(call: 7);                              // of all requests of all services
/// using var instance = await place.OpenAsync();
/// place.Requests                                              // what arrived, with the permission that each needs
/// </code>
/// The clients send nothing again by themselves; the object store does, without waiting.
/// </remarks>
internal sealed class InProcessInstance : HttpMessageHandler
{
    public const string Id = "fixture";
    public const string DataBucket = $"sleeper-{Id}-table-data-{AwsEmulator.Account}";
    public const string ConfigBucketName = $"sleeper-{Id}-config-{AwsEmulator.Account}";
    public const string FilesLog = $"sleeper-{Id}-file-transaction-log";
    public const string PartitionsLog = $"sleeper-{Id}-partition-transaction-log";
    public const string NameIndex = $"sleeper-{Id}-table-index-by-name";

    private static readonly Dictionary<string, Dump> Dumps = new(StringComparer.Ordinal);

    private readonly HttpMessageInvoker _s3;
    private readonly HttpMessageInvoker _dynamoDb;
    private readonly List<(string Action, string Resource)> _requests = [];
    private readonly Lock _lock = new();

    private InProcessInstance(Dump dump)
    {
        S3 = new InProcessS3(1_000, dump.Buckets);
        foreach (var (bucket, key, bytes) in dump.Objects)
        {
            S3.Put(bucket, key, bytes);
        }

        foreach (var (name, keys, items) in dump.Tables)
        {
            DynamoDb.AddTable(name, keys[0], keys.ElementAtOrDefault(1));
            foreach (var item in items)
            {
                DynamoDb.Put(name, item);
            }
        }

        _s3 = new HttpMessageInvoker(S3, disposeHandler: false);
        _dynamoDb = new HttpMessageInvoker(DynamoDb, disposeHandler: false);
        Http = new FaultyHttp(this);
    }

    public InProcessS3 S3 { get; }

    public InProcessDynamoDb DynamoDb { get; } = new();

    /// <summary>Stands before all services.</summary>
    public FaultyHttp Http { get; }

    /// <summary>What arrived: the permission that it needs, and on what: an ARN, or the name of a DynamoDB table.</summary>
    public IReadOnlyList<(string Action, string Resource)> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public static InProcessInstance Load(string dump)
    {
        lock (Dumps)
        {
            if (!Dumps.TryGetValue(dump, out var read))
            {
                Dumps[dump] = read = Dump.Read(LiveInstanceDump.FolderOf(dump));
            }

            return new InProcessInstance(read);
        }
    }

    /// <summary>Opens it by its id, so that the account is asked for, too.</summary>
    /// <param name="handler">What stands before all services; null for <see cref="Http"/>.</param>
    public Task<SleeperInstance> OpenAsync(HttpMessageHandler? handler = null) => SleeperInstance.OpenAsync(Id, Options(handler ?? Http), TestContext.Current.CancellationToken);

    /// <summary>Opens it past all faults, without its requests being noted.</summary>
    public Task<SleeperInstance> OpenDirectAsync() => SleeperInstance.OpenAsync(ConfigBucketName, Options(null), TestContext.Current.CancellationToken);

    /// <summary>The items of a DynamoDB table of which an attribute has a value.</summary>
    public IReadOnlyList<JsonObject> Items(string table, string attribute, string value) =>
        [.. DynamoDb.Items(table).Where(i => (string?)i[attribute]?["S"] == value)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool isTable = request.Headers.Contains("X-Amz-Target");
        bool isToken = request.RequestUri!.Host.StartsWith("sts.", StringComparison.Ordinal);
        string action = HttpCall.Of(request).Operation;
        string resource = $"arn:aws:s3:::{Uri.UnescapeDataString(request.RequestUri.AbsolutePath.Trim('/'))}";
        if (isTable)
        {
            var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
            resource = (string?)body["TableName"] ?? (string)body["TransactItems"]![0]!["Put"]!["TableName"]!;
        }

        lock (_lock)
        {
            _requests.Add(isToken ? ("sts:GetCallerIdentity", "") : isTable ? ($"dynamodb:{(action == "TransactWriteItems" ? "PutItem" : action)}", resource) : ($"s3:{action}", resource));
        }

        return isToken ? CallerIdentity(request) : await (isTable ? _dynamoDb : _s3).SendAsync(request, cancellationToken);
    }

    private SleeperInstanceOptions Options(HttpMessageHandler? handler) => new()
    {
        S3Client = S3.NewClient(handler),
        DynamoDbClient = DynamoDb.NewClient(handler: handler),
        Credentials = AwsEmulator.Credentials,
        SecurityTokenConfig = new AmazonSecurityTokenServiceConfig
        {
            ServiceURL = "https://sts.in-process.test", AuthenticationRegion = AwsEmulator.Region, MaxErrorRetry = 0, HttpClientFactory = new HandlerFactory(handler ?? this),
        },
        StoreOptions = S3TestBed.Quick with { PartSizeBytes = S3ObjectStoreOptions.MinPartSizeBytes },
    };

    private static HttpResponseMessage CallerIdentity(HttpRequestMessage request) => new(HttpStatusCode.OK)
    {
        RequestMessage = request,
        Content = new StringContent(
            $"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{AwsEmulator.Account}:user/x</Arn><UserId>x</UserId><Account>{AwsEmulator.Account}</Account>"
            + "</GetCallerIdentityResult><ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></GetCallerIdentityResponse>", Encoding.UTF8, "text/xml"),
    };

    private sealed record Dump(
        IReadOnlyList<string> Buckets, IReadOnlyList<(string Bucket, string Key, byte[] Bytes)> Objects, IReadOnlyList<(string Name, string[] Keys, JsonObject[] Items)> Tables)
    {
        public static Dump Read(string folder)
        {
            using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "s3", "index.json")));
            var objects = index.RootElement.GetProperty("objects").EnumerateArray().Select(
                o => (o.GetProperty("bucket").GetString()!, o.GetProperty("key").GetString()!, File.ReadAllBytes(Path.Combine(folder, o.GetProperty("file").GetString()!))));
            var tables = Directory.GetFiles(Path.Combine(folder, "dynamodb"), "*.schema.json").Select(path =>
            {
                var schema = JsonNode.Parse(File.ReadAllText(path))!;
                return (
                    (string)schema["TableName"]!,
                    schema["KeySchema"]!.AsArray().Select(k => (string)k!["AttributeName"]!).ToArray(),
                    File.ReadLines(path.Replace(".schema.json", ".jsonl", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l)!.AsObject()).ToArray());
            });
            return new Dump([.. index.RootElement.GetProperty("buckets").EnumerateArray().Select(b => b.GetString()!)], [.. objects], [.. tables]);
        }
    }
}
