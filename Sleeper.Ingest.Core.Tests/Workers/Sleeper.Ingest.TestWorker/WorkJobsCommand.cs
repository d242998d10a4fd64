using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.TestWorker;

/// <summary>
/// <c>work-jobs --spill FOLDER --lease-ms N</c> with <c>--tables FOLDER --inbox FOLDER</c>, <c>--endpoint URL --queue URL --tables-bucket NAME</c> or <c>--endpoint URL --instance CONFIG-BUCKET</c>:
/// says "ready", then works jobs off until the line "stop" comes.
/// </summary>
internal static class WorkJobsCommand
{
    public static async Task<int> RunAsync(WorkerArguments arguments)
    {
        var lease = TimeSpan.FromMilliseconds(arguments.Number("lease-ms"));
        var options = arguments.Text("instance", "").Length > 0 ? await OfInstanceAsync(arguments)
            : arguments.Text("endpoint", "").Length > 0 ? InEmulator(arguments) : InFolders(arguments);
        var worker = new IngestJobWorker(options with
        {
            ConfigureIngest = f => f.WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).WithSpillFolder(arguments.Text("spill")),
            Lease = lease,
            KeepAlivePeriod = lease / 3,
            ReceiveWait = TimeSpan.FromSeconds(1),
            RetryDelay = TimeSpan.FromMilliseconds(20),
        });
        using var stop = new CancellationTokenSource();
        await Console.Out.WriteLineAsync("ready");
        var running = worker.RunAsync(stop.Token);
        while (await Console.In.ReadLineAsync() is { } line && line != "stop")
        {
            // Nothing else is said.
        }

        await stop.CancelAsync();
        await running;
        return 0;
    }

    private static IngestJobWorkerOptions InFolders(WorkerArguments arguments)
    {
        var tables = new LocalObjectStore(arguments.Text("tables"), new LocalObjectStoreOptions { Durable = false });
        return new IngestJobWorkerOptions
        {
            Queue = new ObjectStoreQueue(arguments.Text("inbox"), new ObjectStoreQueueOptions { MaxReceiveCount = 1_000, PollInterval = TimeSpan.FromMilliseconds(50) }),
            Tables = new ObjectStoreJobTables(tables),
            Tracker = new ObjectStoreJobTracker(tables),
            Inputs = new JobInputs { AllowsLocalFiles = true },
        };
    }

    private static IngestJobWorkerOptions InEmulator(WorkerArguments arguments)
    {
        var credentials = new BasicAWSCredentials("testing", "testing-secret");
        string endpoint = arguments.Text("endpoint");
        var s3 = new AmazonS3Client(credentials, new AmazonS3Config { ServiceURL = endpoint, AuthenticationRegion = "us-east-1", ForcePathStyle = true });
        var sqs = new SqsClient(credentials, new SqsClientConfig { ServiceURL = endpoint, AuthenticationRegion = "us-east-1" });
        var tables = new S3ObjectStore(s3, arguments.Text("tables-bucket"));
        return new IngestJobWorkerOptions
        {
            Queue = new SqsQueue(sqs, arguments.Text("queue")),
            Tables = new ObjectStoreJobTables(tables),
            Tracker = new ObjectStoreJobTracker(tables),
            Inputs = new JobInputs { OpenBucket = bucket => new S3ObjectStore(s3, bucket) },
        };
    }

    private static async Task<IngestJobWorkerOptions> OfInstanceAsync(WorkerArguments arguments)
    {
        var credentials = new BasicAWSCredentials("testing", "testing-secret");
        string endpoint = arguments.Text("endpoint");
        var sqs = new SqsClient(credentials, new SqsClientConfig { ServiceURL = endpoint, AuthenticationRegion = "us-east-1" });
        var instance = await SleeperInstance.OpenAsync(arguments.Text("instance"), new SleeperInstanceOptions
        {
            Credentials = credentials,
            S3Config = new AmazonS3Config { ServiceURL = endpoint, AuthenticationRegion = "us-east-1", ForcePathStyle = true },
            DynamoDbConfig = new AmazonDynamoDBConfig { ServiceURL = endpoint, AuthenticationRegion = "us-east-1" },
            SqsClient = sqs,
        });
        return IngestJobWorkerOptions.ForInstance(instance, sqs);
    }
}
