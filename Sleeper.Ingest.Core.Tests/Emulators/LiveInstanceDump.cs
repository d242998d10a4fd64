using System.Globalization;
using System.Text;
using System.Text.Json;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.S3;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Emulators;

/// <summary>A whole instance of the Java system (<c>Fixtures/live-instance</c>) in the emulator, under an id of its own.</summary>
/// <remarks>
/// <code>
/// var live = await LiveInstanceDump.LoadAsync("03-lived-in");
/// live.InstanceId, live.ConfigBucket, live.DataBucket
/// live.Expected("orders", "partitions.json")           the original's answers, with this instance's names
/// </code>
/// Every place where the dump says <c>sleeper-fixture</c> says <c>sleeper-xxxxxxx</c> instead, with as many characters, so that lengths inside of binary files stay
/// right. So every test has an instance of its own, and may write into it. Queues are not made: the URLs name queues that are not there.
/// </remarks>
internal sealed class LiveInstanceDump
{
    private const string FixtureId = "fixture";
    private const int ParallelRequests = 16;

    private static readonly string Run = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 2));
    private static int s_count;

    private readonly string _folder;

    private LiveInstanceDump(AwsEmulator aws, string folder, string instanceId)
    {
        Aws = aws;
        _folder = folder;
        InstanceId = instanceId;
    }

    public AwsEmulator Aws { get; }

    public string InstanceId { get; }

    public string ConfigBucket => $"sleeper-{InstanceId}-config-{AwsEmulator.Account}";

    public string DataBucket => $"sleeper-{InstanceId}-table-data-{AwsEmulator.Account}";

    /// <summary>The names of all dumps, in the order in which they were made.</summary>
    public static IReadOnlyList<string> Names { get; } = ["01-deployed", "02-ingested", "03-lived-in", "04-snapshotted", "05-jobs"];

    /// <summary>The tables that the dump says something of.</summary>
    public IReadOnlyList<string> Tables => [.. Directory.GetDirectories(Path.Combine(_folder, "expected")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    /// <summary>Loads a dump into the shared emulator; skips the test where there is none (fails it where CI=true).</summary>
    public static async Task<LiveInstanceDump> LoadAsync(string name)
    {
        var aws = await AwsEmulator.GetAsync();
        string id = string.Create(CultureInfo.InvariantCulture, $"{Run}{Interlocked.Increment(ref s_count):D3}");
        var dump = new LiveInstanceDump(aws, FolderOf(name), id);
        using var s3 = aws.NewS3Client();
        using var dynamoDb = aws.NewDynamoDbClient();
        await dump.LoadObjectsAsync(s3);
        await dump.LoadTablesAsync(dynamoDb);
        return dump;
    }

    public static string FolderOf(string name) => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", name);

    /// <summary>The text of a file under <c>expected/&lt;table&gt;</c>, with this instance's names.</summary>
    public string Expected(string table, string file) => Renamed(File.ReadAllText(Path.Combine(_folder, "expected", table, file)));

    public bool Expects(string table, string file) => File.Exists(Path.Combine(_folder, "expected", table, file));

    /// <summary>The name of a DynamoDB table of this instance.</summary>
    public string DynamoDbTable(string suffix) => $"sleeper-{InstanceId}-{suffix}";

    private string Renamed(string text) => text.Replace("sleeper-" + FixtureId, "sleeper-" + InstanceId, StringComparison.Ordinal)
        .Replace("sleeper.id=" + FixtureId, "sleeper.id=" + InstanceId, StringComparison.Ordinal)
        .Replace("{emulator}", Aws.ServiceUrl["http://".Length..], StringComparison.Ordinal);

    /// <summary>The same for bytes of any kind: what is replaced has one length.</summary>
    private byte[] Renamed(byte[] bytes)
    {
        byte[] old = Encoding.ASCII.GetBytes("sleeper-" + FixtureId);
        byte[] ours = Encoding.ASCII.GetBytes("sleeper-" + InstanceId);
        for (int at = 0, found; (found = bytes.AsSpan(at).IndexOf(old)) >= 0; at += found + ours.Length)
        {
            ours.CopyTo(bytes, at + found);
        }

        return bytes;
    }

    private async Task LoadObjectsAsync(AmazonS3Client s3)
    {
        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "s3", "index.json")));
        foreach (var bucket in index.RootElement.GetProperty("buckets").EnumerateArray())
        {
            await s3.PutBucketAsync(Renamed(bucket.GetString()!));
        }

        await Parallel.ForEachAsync(index.RootElement.GetProperty("objects").EnumerateArray(), Parallelism(), async (found, token) =>
        {
            byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(_folder, found.GetProperty("file").GetString()!), token);
            string key = found.GetProperty("key").GetString()!;
            bytes = key.EndsWith(".properties", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(Renamed(Encoding.UTF8.GetString(bytes))) : Renamed(bytes);
            await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = Renamed(found.GetProperty("bucket").GetString()!), Key = key, InputStream = new MemoryStream(bytes) }, token);
        });
    }

    private async Task LoadTablesAsync(AmazonDynamoDBClient client)
    {
        foreach (string path in Directory.GetFiles(Path.Combine(_folder, "dynamodb"), "*.schema.json"))
        {
            using var schema = JsonDocument.Parse(Renamed(File.ReadAllText(path)));
            var request = ToRequest(schema.RootElement);
            await client.CreateTableAsync(request);
            string items = path.Replace(".schema.json", ".jsonl", StringComparison.Ordinal);
            await Parallel.ForEachAsync(File.ReadLines(items), Parallelism(), async (line, token) =>
            {
                using var item = JsonDocument.Parse(Renamed(line));
                await client.PutItemAsync(request.TableName, ToItem(item.RootElement), token);
            });
        }
    }

    private static ParallelOptions Parallelism() => new() { MaxDegreeOfParallelism = ParallelRequests, CancellationToken = TestContext.Current.CancellationToken };

    private static CreateTableRequest ToRequest(JsonElement schema)
    {
        var request = new CreateTableRequest
        {
            TableName = schema.GetProperty("TableName").GetString(),
            BillingMode = BillingMode.PAY_PER_REQUEST,
            KeySchema = KeysOf(schema.GetProperty("KeySchema")),
            AttributeDefinitions = [.. schema.GetProperty("AttributeDefinitions").EnumerateArray().Select(
                a => new AttributeDefinition(a.GetProperty("AttributeName").GetString(), a.GetProperty("AttributeType").GetString()))],
        };
        if (schema.TryGetProperty("GlobalSecondaryIndexes", out var indexes) && indexes.GetArrayLength() > 0)
        {
            request.GlobalSecondaryIndexes =
            [
                .. indexes.EnumerateArray().Select(i => new GlobalSecondaryIndex
                {
                    IndexName = i.GetProperty("IndexName").GetString(),
                    KeySchema = KeysOf(i.GetProperty("KeySchema")),
                    Projection = new Projection { ProjectionType = ProjectionType.ALL },
                }),
            ];
        }

        return request;
    }

    private static List<KeySchemaElement> KeysOf(JsonElement keys) =>
        [.. keys.EnumerateArray().Select(k => new KeySchemaElement(k.GetProperty("AttributeName").GetString(), k.GetProperty("KeyType").GetString()))];

    private static Dictionary<string, AttributeValue> ToItem(JsonElement item) =>
        item.EnumerateObject().ToDictionary(p => p.Name, p => ToValue(p.Value), StringComparer.Ordinal);

    private static AttributeValue ToValue(JsonElement value)
    {
        var (kind, content) = value.EnumerateObject().Select(p => (p.Name, p.Value)).Single();
        return kind switch
        {
            "S" => new AttributeValue { S = content.GetString() },
            "N" => new AttributeValue { N = content.GetString() },
            "B" => new AttributeValue { B = new MemoryStream(content.GetBytesFromBase64()) },
            "NULL" => new AttributeValue { NULL = content.GetBoolean() },
            "BOOL" => new AttributeValue { BOOL = content.GetBoolean() },
            "L" => new AttributeValue { L = [.. content.EnumerateArray().Select(ToValue)] },
            "M" => new AttributeValue { M = ToItem(content) },
            _ => throw new InvalidDataException($"An attribute of kind {kind} is not known here."),
        };
    }
}
