using System.Net;
using Amazon.DynamoDBv2;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Jobs into a table that commits through the queue, with messages that come twice: checklist 27, 28 and 36.</summary>
public sealed class QueuedJobTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C36_C27_A_job_that_comes_again_is_not_sent_again_once_the_log_has_it_and_is_one_run()
    {
        using var bed = await Bed.NewAsync();
        string first = await bed.SendAsync();
        await bed.RunWorkerAsync();
        Assert.Equal(JobState.Uncommitted, (await bed.StatusAsync()).State);

        // While the committer sleeps: looked for in the log, not there, sent with the same deduplication id, which the queue drops.
        await bed.SendAsync(first);
        await bed.RunWorkerAsync();
        Assert.Equal(2, bed.SendCount);
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        Assert.Equal(JobState.Finished, (await bed.StatusAsync()).State);

        // Afterwards: found in the log.
        await bed.SendAsync(first);
        await bed.RunWorkerAsync();
        Assert.Equal(2, bed.SendCount);
        Assert.Equal(0, await bed.Committer.ApplyAllAsync());

        var run = Assert.Single((await bed.StatusAsync()).Runs);
        Assert.Equal(["JobStarted", "JobFinished", "JobAddedFiles"], run.Updates.Select(u => u.GetType().Name));
        Assert.Equal(JobState.Finished, run.State);
        Assert.Equal(110, await bed.RowCountAsync());
        Assert.Equal(0, await bed.Jobs.CountAsync(Token));
    }

    /// <summary>The lease ran out while the first worker sent; the second takes the commit up, and both end the one run.</summary>
    [Fact]
    public async Task C28_Two_workers_on_one_message_commit_once()
    {
        using var bed = await Bed.NewAsync();
        var held = bed.Http.Hold("SendMessage");
        string message = await bed.SendAsync();
        var slow = bed.RunWorkerAsync();
        await held.Struck;
        await bed.SendAsync(message);
        await bed.RunWorkerAsync();
        held.Release();
        await slow;

        // Unlike SQS, the emulator forgets the deduplication ids of messages that were deleted: so the committer comes last here.
        Assert.Equal(2, bed.SendCount);
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());
        var run = Assert.Single((await bed.StatusAsync()).Runs);
        Assert.Equal(JobState.Finished, run.State);
        Assert.Equal(110, await bed.RowCountAsync());
    }

    [Fact]
    public async Task Without_the_permission_to_send_the_worker_waits_for_it_and_the_job_is_done_then()
    {
        using var bed = await Bed.NewAsync();
        bed.Http.Refuse(HttpStatusCode.Forbidden, "AccessDenied", "SendMessage", call: 1);
        await bed.SendAsync();
        await bed.RunWorkerAsync();
        Assert.Equal(1, await bed.Committer.ApplyAllAsync());

        var job = await bed.StatusAsync();
        Assert.Equal([JobState.Finished, JobState.Failed], job.Runs.Select(r => r.State));
        Assert.Contains("sqs:SendMessage", job.Runs[1].Reasons[0], StringComparison.Ordinal);
        Assert.Equal(110, await bed.RowCountAsync());
    }

    /// <summary>The first dump's instance with its commit queue, an inbox in memory, and the input files of the original's jobs.</summary>
    private sealed class Bed : IDisposable
    {
        private readonly LiveInstanceDump _live;
        private readonly SleeperInstance _instance;
        private readonly InMemoryObjectStore _source = new("sleeper-fixture-source");
        private readonly AmazonDynamoDBClient _dynamoDb;
        private readonly TemporaryFolder _spill = new();

        private Bed(LiveInstanceDump live, SleeperInstance instance, InstanceCommitter committer, FaultyHttp http)
        {
            _live = live;
            _instance = instance;
            _dynamoDb = live.Aws.NewDynamoDbClient();
            Committer = committer;
            Http = http;
        }

        public InstanceCommitter Committer { get; }

        public FaultyHttp Http { get; }

        public ObjectStoreQueue Jobs { get; } = new(new InMemoryObjectStore(), "", new() { PollInterval = TimeSpan.FromMilliseconds(5), SettleTime = TimeSpan.Zero });

        public int SendCount => Http.Calls.Count(c => c.Operation == "SendMessage");

        public static async Task<Bed> NewAsync()
        {
            var live = await LiveInstanceDump.LoadAsync("01-deployed");
            var http = new FaultyHttp(new SocketsHttpHandler());
            var sqs = live.Aws.NewSqsConfig();
            sqs.HttpClientFactory = new HandlerFactory(http);
            var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live) with { SqsConfig = sqs }, Token);
            var bed = new Bed(live, instance, await InstanceCommitter.DeployAsync(live), http);
            await JavaJobs.LoadSourceAsync(bed._source);
            return bed;
        }

        /// <summary>Sends the job, or a copy of a message that was sent before.</summary>
        public Task<string> SendAsync(string? copyOf = null) => Jobs.SendAsync(
            $$"""{"id":"job","tableName":"orders","files":["s3://sleeper-fixture-source/orders/day=1"]{{(copyOf is null ? "" : $",\"firstMessageId\":\"{copyOf}\"")}}}""",
            cancellationToken: Token);

        public Task RunWorkerAsync() => new IngestJobWorker(new IngestJobWorkerOptions
        {
            Queue = Jobs,
            Tables = new SleeperJobTables(_instance),
            Tracker = new DynamoDbJobTracker(_dynamoDb, _live.InstanceId),
            Inputs = new JobInputs { OpenBucket = bucket => bucket == "sleeper-fixture-source" ? _source : null },
            ConfigureIngest = f => f.WithMemoryBudget(32 << 20).WithDegreeOfParallelism(1).WithSpillFolder(_spill.Path),
            RetryDelay = TimeSpan.FromMilliseconds(1),
            ReceiveWait = TimeSpan.Zero,
            StopsWhenEmpty = true,
        }).RunAsync(Token);

        public async Task<JobStatus> StatusAsync() => (await new JobReports(new DynamoDbJobTracker(_dynamoDb, _live.InstanceId)).FindAsync("job", Token))!;

        public async Task<int> RowCountAsync() => await (await Table.OpenAsync(_instance, "orders", Token)).ReadAsync(Token).CountAsync(Token);

        public void Dispose()
        {
            _instance.Dispose();
            _dynamoDb.Dispose();
            Committer.Dispose();
            Http.Dispose();
            _spill.Dispose();
        }
    }
}
