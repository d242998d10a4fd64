using System.Globalization;
using System.Security.Cryptography;
using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// Commits ingests named <c>WRITER-N</c>, N from 0 to below <c>--count</c>, to the live table <c>--table-id</c> with the logs <c>--files-log</c> and <c>--partitions-log</c> in the DynamoDB
/// at <c>--endpoint</c>, each with one file on the partition <c>--partition</c> that need not exist. Waits for the start signal. Writes "committed ID NUMBER".
/// </summary>
internal static class LiveCommitLoopCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var config = new AmazonDynamoDBConfig { ServiceURL = arguments.Text("endpoint"), AuthenticationRegion = "us-east-1" };
        using var client = new AmazonDynamoDBClient(new BasicAWSCredentials("testing", "testing"), config);
        var identity = new LiveTableIdentity
        {
            TableId = arguments.Text("table-id"),
            TableName = "events",
            Schema = Schema.Create().RowKey("key", FieldType.String).Value("value", FieldType.Long).Build(),
            FilesLog = arguments.Text("files-log"),
            PartitionsLog = arguments.Text("partitions-log"),
            LatestSnapshots = null,
            DataBucket = new InMemoryObjectStore(),
            FileNameRoot = "s3a://bucket/",
        };
        var settings = new LiveStoreSettings { FirstRetryWait = TimeSpan.FromMilliseconds(20) };
        string partition = arguments.Text("partition");
        using var store = new DynamoDbStateStore(client, identity, settings, new StateStoreOptions { Random = RandomNumberGenerator.Fill, Writer = arguments.Text("writer") });
        await store.LoadPartitionsAsync();
        await WorkerArguments.WaitForStartAsync();
        for (int number = 0; number < arguments.Number("count", 1);)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"{arguments.Text("writer")}-{number}");
            var attempt = await store.BeginAttemptAsync(id);
            string name = store.Paths.DataFile(partition, attempt.FileNamePrefix, 0);
            try
            {
                var result = await store.CommitAsync(attempt, new IngestCommit([new DataFile(name, 1, [new FileReference(name, partition, 1)])], 1, 1));
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"committed {id} {result.TransactionNumber}"));
                number++;
            }
            catch (CommitFailedException e) when (e.IsRetryable)
            {
                await Console.Out.WriteLineAsync($"busy {id}");
            }
        }

        return 0;
    }
}
