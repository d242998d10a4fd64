using System.Text;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.Jobs.Ecs;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.Jobs.DynamoDb;

/// <summary>What an instance's properties say of its ingest tasks is what workers, trackers and starters do, unless they are told otherwise.</summary>
public sealed class InstanceJobSettingsTests : IDisposable
{
    private const string Bucket = "sleeper-demo-config-123456789012";

    private readonly SqsClient _sqs = new(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = "http://sqs.invalid", AuthenticationRegion = "us-east-1" });

    public void Dispose() => _sqs.Dispose();

    [Fact]
    public async Task A_worker_waits_and_keeps_messages_as_the_properties_say()
    {
        using var instance = await OpenAsync("""
            sleeper.ingest.job.queue.wait.time=7
            sleeper.ingest.queue.visibility.timeout.seconds=60
            sleeper.ingest.keepalive.period.seconds=20
            """);

        var options = IngestJobWorkerOptions.ForInstance(instance, _sqs);

        Assert.Equal("http://sqs.invalid/123456789012/jobs", options.Queue!.Name);
        Assert.IsType<SleeperJobTables>(options.Tables);
        Assert.IsType<DynamoDbJobTracker>(options.Tracker);
        Assert.Equal("s3://any-bucket", options.Inputs.OpenBucket!("any-bucket")!.Name);
        Assert.Equal((7, 60, 20), (options.ReceiveWait.TotalSeconds, options.Lease.TotalSeconds, options.KeepAlivePeriod.TotalSeconds));
        Assert.Equal(3, (options with { ReceiveWait = TimeSpan.FromSeconds(3) }).ReceiveWait.TotalSeconds);
        _ = new IngestJobWorker(options);
    }

    [Fact]
    public async Task Without_them_the_originals_defaults_count()
    {
        using var instance = await OpenAsync("");

        var options = IngestJobWorkerOptions.ForInstance(instance, _sqs);
        var starter = IngestTaskStarterOptions.ForInstance(instance);

        Assert.Equal((20, 900, 300), (options.ReceiveWait.TotalSeconds, options.Lease.TotalSeconds, options.KeepAlivePeriod.TotalSeconds));
        Assert.Equal((200, 1), (starter.MaxTasks, starter.Period.TotalMinutes));
        var ttl = InstanceJobSettings.ForTracker(instance).Tracker;
        Assert.Equal((7, 7), (ttl.JobTimeToLive.TotalDays, ttl.TaskTimeToLive.TotalDays));
    }

    [Fact]
    public async Task The_trackers_times_to_live_are_the_instances()
    {
        using var instance = await OpenAsync("""
            sleeper.ingest.job.status.ttl=3600
            sleeper.ingest.task.status.ttl=60
            """);

        var ttl = InstanceJobSettings.ForTracker(instance).Tracker;

        Assert.Equal((3600, 60), (ttl.JobTimeToLive.TotalSeconds, ttl.TaskTimeToLive.TotalSeconds));
    }

    [Fact]
    public async Task An_instance_whose_tracker_is_off_is_told_nothing()
    {
        using var instance = await OpenAsync("sleeper.ingest.tracker.enabled=false");

        Assert.IsNotType<DynamoDbJobTracker>(IngestJobWorkerOptions.ForInstance(instance, _sqs).Tracker);
    }

    [Fact]
    public async Task Tasks_are_started_as_the_properties_say()
    {
        using var instance = await OpenAsync("""
            sleeper.ingest.max.concurrent.tasks=11
            sleeper.ingest.task.creation.period.minutes=5
            sleeper.ingest.cluster=the-cluster
            sleeper.ingest.task.definition.family=the-task
            sleeper.subnets=subnet-1, subnet-2
            sleeper.ecs.security.groups=sg-1,sg-2
            sleeper.fargate.version=1.3.0
            """);

        var starter = IngestTaskStarterOptions.ForInstance(instance);
        var ecs = EcsTaskLauncherOptions.ForInstance(instance);

        Assert.Equal((11, 5), (starter.MaxTasks, starter.Period.TotalMinutes));
        Assert.Equal(("the-cluster", "the-task", "1.3.0"), (ecs.Cluster, ecs.TaskDefinition, ecs.PlatformVersion));
        Assert.Equal(["subnet-1", "subnet-2"], ecs.Subnets);
        Assert.Equal(["sg-1", "sg-2"], ecs.SecurityGroups);
        Assert.Equal([Bucket], ecs.Command);
    }

    [Fact]
    public async Task What_is_missing_or_cannot_be_is_named()
    {
        using var instance = await OpenAsync("""
            sleeper.ingest.job.queue.url=
            sleeper.ingest.job.queue.wait.time=21
            sleeper.ingest.keepalive.period.seconds=0
            sleeper.ingest.max.concurrent.tasks=many
            """);

        string worker = Assert.Throws<UnsupportedTableException>(() => IngestJobWorkerOptions.ForInstance(instance, _sqs)).Message;
        string starter = Assert.Throws<UnsupportedTableException>(() => IngestTaskStarterOptions.ForInstance(instance)).Message;
        string ecs = Assert.Throws<UnsupportedTableException>(() => EcsTaskLauncherOptions.ForInstance(instance)).Message;

        Assert.All(
            new[] { "'sleeper.ingest.job.queue.url' is missing", "'sleeper.ingest.job.queue.wait.time' is '21'", "'sleeper.ingest.keepalive.period.seconds' is '0'" },
            text => Assert.Contains(text, worker, StringComparison.Ordinal));
        Assert.Contains("'sleeper.ingest.max.concurrent.tasks' is 'many'", starter, StringComparison.Ordinal);
        Assert.All(
            new[] { "sleeper.ingest.cluster", "sleeper.ingest.task.definition.family", "sleeper.subnets" },
            text => Assert.Contains($"'{text}' is missing", ecs, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_would_come_again_while_it_is_kept_is_refused()
    {
        using var instance = await OpenAsync("sleeper.ingest.queue.visibility.timeout.seconds=300");

        string message = Assert.Throws<UnsupportedTableException>(() => IngestJobWorkerOptions.ForInstance(instance, _sqs)).Message;

        Assert.Contains("'sleeper.ingest.keepalive.period.seconds' is 300 and 'sleeper.ingest.queue.visibility.timeout.seconds' 300", message, StringComparison.Ordinal);
    }

    private static async Task<SleeperInstance> OpenAsync(string more)
    {
        using var s3 = new InProcessS3(1_000, Bucket);
        var client = s3.NewClient();
        string[] needed = ["name.index", "id.index", "online.index"];
        string properties = string.Join('\n',
        [
            "sleeper.id=demo",
            "sleeper.version=0.36.2",
            "sleeper.data.bucket=sleeper-demo-table-data-123456789012",
            .. needed.Select(n => $"sleeper.tables.{n}.dynamo.table=t"),
            "sleeper.statestore.transactionlog.dynamo.file.log.table=t",
            "sleeper.statestore.transactionlog.dynamo.partition.log.table=t",
            "sleeper.statestore.transactionlog.dynamo.latest.snapshots.table=t",
            .. more.Contains("job.queue.url", StringComparison.Ordinal) ? [] : (string[])["sleeper.ingest.job.queue.url=http://sqs.invalid/123456789012/jobs"],
            more,
        ]);
        await new S3ObjectStore(client, Bucket).PutAsync("instance.properties", Encoding.UTF8.GetBytes(properties));
        return await SleeperInstance.OpenAsync(Bucket, new SleeperInstanceOptions { S3Client = client, DynamoDbClient = new Support.InProcessDynamoDb().NewClient() });
    }
}
