// Shows: rows into a table of a deployed Sleeper instance, and back. The table has a filter: readings of the last week are kept. Each day's readings are one ingest with an
// id of its own, so that running it again adds nothing.
using System.Globalization;
using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Samples.LiveInstance;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

const int Devices = 500;
const int ReadingsADay = 96;
var kept = TimeSpan.FromDays(7);

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (Arguments.Parse(args) is not { } arguments)
{
    return 2;
}

try
{
    var options = OptionsFor(arguments.Endpoint);
    if (arguments.Deploys)
    {
        await DeployAsync(options);
    }

    using var instance = await SleeperInstance.OpenAsync(arguments.Instance, options);
    await MakeTableAsync(instance);
    await IngestDayAsync(instance);
    await ReadDeviceAsync(instance, "device-0042");
    return 0;
}
catch (Exception error) when (error is IngestException or ArgumentException or AmazonServiceException or AmazonClientException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

// Without an endpoint everything is left to the SDK, as its users know it.
static SleeperInstanceOptions OptionsFor(string? endpoint) => endpoint is null
    ? new SleeperInstanceOptions()
    : new SleeperInstanceOptions
    {
        S3Config = new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true },
        DynamoDbConfig = new AmazonDynamoDBConfig { ServiceURL = endpoint },
        SecurityTokenConfig = new AmazonSecurityTokenServiceConfig { ServiceURL = endpoint },
    };

async Task DeployAsync(SleeperInstanceOptions options)
{
    using var token = new AmazonSecurityTokenServiceClient(options.SecurityTokenConfig);
    using var s3 = new AmazonS3Client(options.S3Config);
    using var dynamoDb = new AmazonDynamoDBClient(options.DynamoDbConfig);
    string account = (await token.GetCallerIdentityAsync(new GetCallerIdentityRequest())).Account;
    using var sqs = new SqsClient(new SqsClientConfig { ServiceURL = arguments.Endpoint });
    await Deployment.RunAsync(arguments.Instance, account, s3, dynamoDb, sqs);
}

async Task MakeTableAsync(SleeperInstance instance)
{
    var schema = Schema.Create()
        .RowKey("device", FieldType.String)
        .SortKey("time", FieldType.Long)
        .Value("celsius", FieldType.Int)
        .Value("note", FieldType.String, nullable: true)
        .Build();
    try
    {
        // Properties by the names that Sleeper has for them; what is not said is the instance's default.
        var properties = new Dictionary<string, string> { ["sleeper.table.filters"] = $"ageOff(time,{kept.TotalMilliseconds})" };
        await Table.CreateAsync(instance, arguments.TableName, schema, ["device-0125", "device-0250", "device-0375"], properties);
        Console.WriteLine($"The table '{arguments.TableName}' was made, with 4 leaf partitions; it keeps readings of the last {kept.TotalDays} days.");
    }
    catch (TableExistsException)
    {
        // Made by an earlier run, or by somebody else: the writer takes its schema from it.
    }
}

async Task IngestDayAsync(SleeperInstance instance)
{
    var date = DateTime.UtcNow.Date.AddDays(-arguments.Day);
    string day = $"Day {arguments.Day} ({date:yyyy-MM-dd})";
    var schema = (await Table.OpenAsync(instance, arguments.TableName)).Schema;
    await using var writer = await IngestFactory.Create()
        .UseSleeperInstance(instance)
        .WithTable(arguments.TableName)
        .WithIngestId($"readings of {date:yyyy-MM-dd}")
        .OpenAsync();
    await writer.WriteAsync(Readings(schema, new DateTimeOffset(date, TimeSpan.Zero)));
    var result = await writer.CompleteAsync();
    Console.WriteLine(result.Outcome switch
    {
        IngestOutcome.AlreadyCommitted => $"{day} is in the table since commit {result.CommitNumber}: nothing was added.",
        IngestOutcome.NothingToCommit => $"{day}: all of {result.InputRowCount:N0} readings are too old for the table's filter: nothing was added.",
        _ => $"{day}: {result.RowCount:N0} of {result.InputRowCount:N0} readings, in {Counted(result.Files.Count, "file")} for {result.LeafCount} leaves, commit {result.CommitNumber}.",
    });
}

async Task ReadDeviceAsync(SleeperInstance instance, string device)
{
    var table = await Table.OpenAsync(instance, arguments.TableName);
    int count = 0;
    int warmest = int.MinValue;
    await foreach (var row in table.ReadAsync(device))
    {
        count++;
        warmest = Math.Max(warmest, row["celsius"].AsInt());
    }

    Console.WriteLine(count == 0 ? $"{device}: no readings." : $"{device}: {count:N0} readings, the warmest {warmest} degrees.");
}

static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count:N0} {noun}s";

static IEnumerable<Row> Readings(Schema schema, DateTimeOffset midnight)
{
    for (int device = 0; device < Devices; device++)
    {
        for (int i = 0; i < ReadingsADay; i++)
        {
            yield return new Row(schema, $"device-{device:D4}", midnight.AddMinutes(15 * i).ToUnixTimeMilliseconds(), 10 + ((device + i) % 25), i == 0 ? "first of the day" : FieldValue.Null);
        }
    }
}
