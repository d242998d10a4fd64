using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Checklist 30 and 37 over an instance as the original left it: its own messages on SQS, its tables, its tracker's tables.</summary>
public sealed class LiveJobTests
{
    [Fact]
    public async Task C37_C30_The_originals_messages_end_in_its_own_instance_as_with_the_original()
    {
        var live = await LiveInstanceDump.LoadAsync("04-snapshotted");
        using var s3 = live.Aws.NewS3Client();
        using var dynamoDb = live.Aws.NewDynamoDbClient();
        using var sqs = new SqsClient(AwsEmulator.Credentials, live.Aws.NewSqsConfig());
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, new SleeperInstanceOptions { S3Client = s3, DynamoDbClient = dynamoDb, SqsClient = sqs });
        using var committer = await InstanceCommitter.DeployAsync(live);
        using var source = new S3ObjectStore(s3, await live.Aws.NewBucketAsync("source"));
        await JavaJobs.LoadSourceAsync(source);
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

        // 'orders' commits through the queue, 'flights' does not.
        var reports = new JobReports(tracker);
        Assert.Equal(orders, await RowCountAsync(instance, "orders"));
        Assert.Equal(flights + 85, await RowCountAsync(instance, "flights"));
        Assert.Equal(
            [("job-directory", JobState.Uncommitted), ("job-no-files-async", JobState.Finished), ("job-é日本 <&=>", JobState.Uncommitted)],
            (await reports.ListAsync("0a1b2c3d")).Select(j => (j.JobId, j.State)).OrderBy(j => j.JobId, StringComparer.Ordinal));
        Assert.All((await reports.ListAsync("0a1b2c3d")).SelectMany(j => j.Runs), r => Assert.Equal(["JobStarted", "JobFinished"], r.Updates.Select(u => u.GetType().Name)));

        Assert.Equal(2, await committer.ApplyAllAsync());
        await JavaJobs.CompareStatesAsync(reports);
        CompareMessages(live, committer.Taken);
        await JavaJobs.CompareRejectedAsync(reports);
        await JavaJobs.CompareRowsAsync(reports, "0a1b2c3d", "orders");
        await JavaJobs.CompareRowsAsync(reports, "2c3d4e5f", "flights");
        Assert.Equal(orders + 110 + 30, await RowCountAsync(instance, "orders"));
        Assert.Equal(flights + 85, await RowCountAsync(instance, "flights"));
    }

    /// <summary>Of the same jobs the original sent the same messages, but for the names of files and what is made up.</summary>
    private static void CompareMessages(LiveInstanceDump live, IEnumerable<string> ours)
    {
        var theirs = new[] { "commit-from-job-1.json", "commit-from-job-2.json" }
            .Select(f => RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "live-instance", "messages", f))
            .Select(f => JsonNode.Parse(File.ReadAllText(f))!["Body"]!.GetValue<string>().Replace("sleeper-fixture", "sleeper-" + live.InstanceId, StringComparison.Ordinal));
        Assert.Equal(theirs.Select(Comparable).Order(StringComparer.Ordinal), ours.Select(Comparable).Order(StringComparer.Ordinal));
    }

    private static string Comparable(string message)
    {
        var json = JsonNode.Parse(message)!.AsObject();
        var transaction = json["transaction"]!.AsObject();
        foreach (string madeUp in new[] { "taskId", "jobRunId" })
        {
            Assert.NotEqual("", (string)transaction[madeUp]!);
            transaction[madeUp] = "*";
        }

        Assert.InRange((long)transaction["writtenTime"]!, 1_700_000_000_000, 4_000_000_000_000);
        transaction["writtenTime"] = 0;
        var file = transaction["files"]!.AsArray().Single()!;
        string name = (string)file["filename"]!;
        file["filename"] = name[..name.LastIndexOf('/')];
        file["references"] = new JsonArray([.. file["references"]!.AsArray().OrderBy(r => (string)r!["partitionId"]!, StringComparer.Ordinal).Select(r => r!.DeepClone())]);
        return json.ToJsonString();
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
