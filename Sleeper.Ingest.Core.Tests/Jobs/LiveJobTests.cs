using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Checklist 37 over an instance as the original left it: its own messages on SQS, its tables, its tracker's tables.</summary>
public sealed class LiveJobTests
{
    [Fact]
    public async Task C37_The_originals_messages_end_in_its_own_instance_as_with_the_original()
    {
        var live = await LiveInstanceDump.LoadAsync("04-snapshotted");
        using var s3 = live.Aws.NewS3Client();
        using var dynamoDb = live.Aws.NewDynamoDbClient();
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, new SleeperInstanceOptions { S3Client = s3, DynamoDbClient = dynamoDb });
        using var source = new S3ObjectStore(s3, await live.Aws.NewBucketAsync("source"));
        await JavaJobs.LoadSourceAsync(source);
        using var sqs = new SqsClient(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = live.Aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });
        var queue = await NewQueueAsync(sqs);
        foreach (string message in JavaJobs.Messages())
        {
            await queue.SendAsync(message);
        }

        using var spill = new TemporaryFolder();
        long orders = await RowCountAsync(instance, "orders"), flights = await RowCountAsync(instance, "flights");
        var tracker = new DynamoDbJobTracker(dynamoDb, live.InstanceId);
        await new IngestJobWorker(new IngestJobWorkerOptions
        {
            Queue = queue,
            Tables = new SleeperJobTables(instance),
            Tracker = tracker,
            Inputs = new JobInputs { OpenBucket = bucket => bucket == "sleeper-fixture-source" ? source : null },
            ConfigureIngest = f => f.WithMemoryBudget(32 << 20).WithDegreeOfParallelism(1).WithSpillFolder(spill.Path),
            ReceiveWait = TimeSpan.FromSeconds(1),
            StopsWhenEmpty = true,
        }).RunAsync();

        var reports = new JobReports(tracker);
        await JavaJobs.CompareStatesAsync(reports);
        await JavaJobs.CompareRejectedAsync(reports);
        await JavaJobs.CompareRowsAsync(reports, "0a1b2c3d", "orders");
        await JavaJobs.CompareRowsAsync(reports, "2c3d4e5f", "flights");
        Assert.Equal(orders + 110 + 30, await RowCountAsync(instance, "orders"));
        Assert.Equal(flights + 85, await RowCountAsync(instance, "flights"));
    }

    private static async Task<SqsQueue> NewQueueAsync(SqsClient sqs)
    {
        // As the original's: one receive, and what is not deleted lies with the dead letters.
        string name = AwsEmulator.UniqueName("ingest");
        string arn = (await sqs.GetAttributesAsync(await sqs.CreateQueueAsync(name + "-dead"), ["QueueArn"]))["QueueArn"];
        return new SqsQueue(sqs, await sqs.CreateQueueAsync(
            name, new Dictionary<string, string> { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":"1"}""" }));
    }

    private static async Task<long> RowCountAsync(SleeperInstance instance, string table)
    {
        long count = 0;
        await foreach (var row in (await Table.OpenAsync(instance, table)).ReadAsync())
        {
            count += row is null ? 0 : 1;
        }

        return count;
    }
}
