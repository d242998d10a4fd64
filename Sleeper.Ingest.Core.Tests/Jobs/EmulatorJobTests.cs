using System.Globalization;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>
/// The whole way over emulated services: jobs on SQS with dead letters, worked off by processes that are killed while they work. In rounds of 20 jobs and two kills, so no
/// job is killed more than twice, and three receives are enough. Of an instance one table is committed to by the workers, the other through the committer's queue.
/// </summary>
/// <remarks>One round; with SLEEPER_SOAK=n n rounds, and the same with own tables in a bucket.</remarks>
public sealed class EmulatorJobTests : IAsyncLifetime
{
    private const int Jobs = 20;
    private const int Workers = 4;
    private const int Kills = 2;
    private const int MaxReceiveCount = 3;

    private static readonly string? Soak = Environment.GetEnvironmentVariable("SLEEPER_SOAK");

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _clients = [];
    private AwsEmulator _aws = null!;
    private SqsClient _sqs = null!;
    private S3ObjectStore _source = null!;

    public static TheoryData<string> Places => Soak is null ? ["instance"] : ["instance", "bucket"];

    private static int Rounds => Soak is null ? 1 : int.TryParse(Soak, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 ? rounds : 5;

    private string Spill => Path.Combine(_folder.Path, "spill");

    public async ValueTask InitializeAsync()
    {
        _aws = await AwsEmulator.GetAsync();
        _sqs = Keep(new SqsClient(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = _aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region }));
        _source = Keep(new S3ObjectStore(Keep(_aws.NewS3Client()), await _aws.NewBucketAsync("input")));
    }

    public ValueTask DisposeAsync()
    {
        _clients.ForEach(c => c.Dispose());
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Every_job_is_done_once_by_processes_that_are_killed(string place)
    {
        var bed = place == "instance" ? await NewInstanceBedAsync() : await NewBucketBedAsync();
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < Jobs; i++)
            {
                await SendAsync(bed, (round * Jobs) + i);
            }

            await WorkOffAsync(bed);
        }

        int[] all = [.. Enumerable.Range(0, Rounds * Jobs)];
        var copies = await CopiesAsync(bed);
        Assert.Equal(all.Where(IsGood).Select(i => $"{i}").Order(), copies.Keys.Order());
        Assert.All(copies, c => Assert.Equal(1, c.Value));
        await CheckTrackerAsync(bed, all);
        await CheckDeadLettersAsync(bed, all);
        await bed.CheckLeftAsync();
        Assert.Empty(Directory.Exists(Spill) ? Directory.EnumerateFiles(Spill, "*.spill", SearchOption.AllDirectories) : []);
    }

    private static bool IsGood(int job) => job % 5 != 4;

    /// <summary>Of the bad ones, one names a file that is not there, one no table, one is no JSON, and one has a damaged page.</summary>
    private static string KindOf(int job) => IsGood(job) ? "good" : (job / 5 % 4) switch { 0 => "no json", 1 => "no table", 2 => "damaged", _ => "no file" };

    private async Task SendAsync(Bed bed, int job)
    {
        string key = string.Create(CultureInfo.InvariantCulture, $"in/{job}.parquet"), file = $"{_source.Name["s3://".Length..]}/{key}";
        byte[] bytes = SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows($"{job}")]);
        if (KindOf(job) == "damaged")
        {
            bytes.AsSpan(20, 60).Fill(0xFF); // a page; the footer is as it was
        }

        await _source.PutAsync(key, bytes);
        if (KindOf(job) == "no json")
        {
            await bed.Queue.SendAsync($$"""{"id":"job-{{job}}","tableName":"flights","files":[""");
            return;
        }

        await bed.SendAsync(new IngestJobMessage
        {
            Id = $"job-{job}",
            TableName = KindOf(job) == "no table" ? "nowhere" : bed.TableNames[job % bed.TableNames.Length],
            Files = KindOf(job) == "no file" ? [file, $"{file}-more.parquet"] : [file],
        });
    }

    private async Task WorkOffAsync(Bed bed)
    {
        var workers = Enumerable.Range(0, Workers).Select(_ => WorkerProcess.Start("work-jobs", bed.Arguments)).ToList();
        try
        {
            await Task.WhenAll(workers.Select(w => w.ExpectLineAsync("ready")));
            for (int kill = 0; kill < Kills; kill++)
            {
                // While every worker has a message in its hands.
                int left = Jobs - (kill * Jobs / (Kills + 2));
                await UntilAsync(async () => await CountAsync(bed) is var (waiting, taken) && taken >= Workers && waiting + taken <= left);
                await workers[0].KillAsync();
                await workers[0].DisposeAsync();
                workers.RemoveAt(0);
                workers.Add(WorkerProcess.Start("work-jobs", bed.Arguments));
            }

            await UntilAsync(async () => await CountAsync(bed) is (0, 0));
            await bed.CommitQueuedAsync();
            await Task.WhenAll(workers.Select(w => w.WriteLineAsync("stop")));
            await Task.WhenAll(workers.Select(w => w.ExpectSuccessAsync()));
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    /// <summary>How often the rows of each job are in the table, none in part.</summary>
    private static async Task<Dictionary<string, int>> CopiesAsync(Bed bed)
    {
        var rows = new List<Row>();
        foreach (string name in bed.TableNames)
        {
            rows.AddRange(await (await bed.OpenTableAsync(name)).ReadAsync(TableQuery.All).ToListAsync());
        }

        return rows.GroupBy(r => r.GetString(1)).ToDictionary(j => j.Key, j =>
        {
            Assert.Equal(0, j.Count() % SmallIngest.RowCount);
            Assert.All(j.GroupBy(r => r.GetInt(2)), number => Assert.Equal(j.Count() / SmallIngest.RowCount, number.Count()));
            return j.Count() / SmallIngest.RowCount;
        });
    }

    private static async Task CheckTrackerAsync(Bed bed, int[] jobs)
    {
        foreach (int job in jobs.Where(j => KindOf(j) != "no json"))
        {
            var status = await bed.Reports.FindAsync($"job-{job}");
            Assert.Equal(KindOf(job) switch { "good" => JobState.Finished, "damaged" => JobState.Failed, _ => JobState.Rejected }, status?.State);
            if (IsGood(job))
            {
                // A killed worker's run goes on, so it is one: started, in the table, finished.
                var run = Assert.Single(status!.Runs);
                Assert.Equal((1, 1, 1), (Count<JobStarted>(run), Count<JobAddedFiles>(run), Count<JobFinished>(run)));
                Assert.False(status.IsUnfinished);
            }
            else if (KindOf(job) == "damaged")
            {
                Assert.All(status!.Runs, r => Assert.Contains($"{job}.parquet", string.Join(' ', r.Reasons), StringComparison.Ordinal));
            }
        }

        Assert.Equal(
            jobs.Select(KindOf).Select(k => k switch { "no json" => "Error parsing JSON.", "no table" => "Table not found", "no file" => "Could not find one or more paths", _ => "" })
                .Where(r => r.Length > 0).Order(),
            (await bed.Reports.ListRejectedAsync()).Select(j => j.Runs[0].Reasons[0].Split(" Reason:")[0]).Order());
        var tasks = await bed.Reports.ListTasksAsync();
        Assert.Equal((Rounds * (Workers + Kills), Rounds * Kills), (tasks.Count, tasks.Count(t => t.FinishTime is null)));

        static int Count<T>(JobRun run) => run.Updates.Count(u => u is T);
    }

    private static async Task CheckDeadLettersAsync(Bed bed, int[] jobs)
    {
        List<string> letters = [];
        while (await bed.Dead.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(5)) is { } letter)
        {
            letters.Add(letter.Body!.Split('"')[3]);
        }

        Assert.Equal(jobs.Where(j => !IsGood(j)).Select(j => $"job-{j}").Order(), letters.Order());
    }

    private async Task<Bed> NewInstanceBedAsync()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        var s3 = Keep(_aws.NewS3Client());
        var instance = Keep(await SleeperInstance.OpenAsync(live.ConfigBucket, new SleeperInstanceOptions { S3Client = s3, DynamoDbClient = Keep(_aws.NewDynamoDbClient()) }));
        string[] tables = ["commits-itself", "commits-queued"];
        foreach (string table in tables)
        {
            var properties = new Dictionary<string, string> { ["sleeper.table.ingest.job.files.commit.async"] = table == "commits-queued" ? "true" : "false" };
            await Table.CreateAsync(instance, table, SmallIngest.Schema, SmallIngest.SplitPoints, properties);
        }

        var committer = Keep(await InstanceCommitter.DeployAsync(live));
        var (queue, dead) = await NewQueueAsync($"sleeper-{live.InstanceId}-IngestJobQ");
        var sender = new InstanceJobSender(instance, _sqs);
        return new Bed
        {
            Queue = queue,
            Dead = dead,
            TableNames = tables,
            CommitQueuedAsync = () => committer.ApplyAllAsync(),
            SendAsync = job => sender.SendAsync(job),
            Arguments = ["--endpoint", _aws.ServiceUrl, "--instance", live.ConfigBucket, "--spill", Spill, "--lease-ms", "6000"],
            OpenTableAsync = name => Table.OpenAsync(instance, name),
            Reports = new JobReports(DynamoDbJobTracker.ForInstance(instance)),
            CheckLeftAsync = async () =>
            {
                // What the killed wrote of a try stays in the data bucket, nobody's: at most one try a kill, named after its ingest and attempt.
                var tries = new HashSet<(string, string)>();
                foreach (string name in tables)
                {
                    using var table = await instance.OpenTableAsync(name, TableFixture.Options(), null, default);
                    var state = await table.StateStore.LoadStateAsync();
                    var owned = state.References.Select(r => LiveTablePaths.KeyOf(r.FileName)).SelectMany(f => new[] { f, DataFileNames.SketchesPath(f) });
                    foreach (string stray in (await TableFixture.ObjectsAsync(table.DataBucket, $"{table.Table.Id}/data/")).Except(owned))
                    {
                        Assert.True(LiveTablePaths.TryParseIngest(Path.ChangeExtension(stray, ".parquet"), out string ingest, out string attempt), stray);
                        tries.Add((ingest, attempt));
                    }
                }

                Assert.InRange(tries.Count, 0, Rounds * Kills);
                Assert.Null(await committer.DeadLetters.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(1)));
            },
        };
    }

    private async Task<Bed> NewBucketBedAsync()
    {
        string bucket = await _aws.NewBucketAsync("tables");
        var tables = Keep(new S3ObjectStore(Keep(_aws.NewS3Client()), bucket));
        await Table.CreateAsync(tables, JobBed.TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        var (queue, dead) = await NewQueueAsync(AwsEmulator.UniqueName("jobs"));
        return new Bed
        {
            Queue = queue,
            Dead = dead,
            TableNames = [JobBed.TableName],
            CommitQueuedAsync = () => Task.CompletedTask,
            SendAsync = job => queue.SendAsync(job.ToJson()),
            Arguments = ["--endpoint", _aws.ServiceUrl, "--queue", queue.Name, "--tables-bucket", bucket, "--spill", Spill, "--lease-ms", "6000"],
            OpenTableAsync = name => Table.OpenAsync(tables, name),
            Reports = new JobReports(new ObjectStoreJobTracker(tables)),
            CheckLeftAsync = async () =>
            {
                await (await Table.OpenAsync(tables, JobBed.TableName)).MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = Spill });
                Assert.DoesNotContain(
                    await SmallIngest.StrayObjectsAsync(tables, JobBed.TableName),
                    p => p.Contains("/data/", StringComparison.Ordinal) || p.Contains("/ingests/", StringComparison.Ordinal));
            },
        };
    }

    private async Task<(SqsQueue Queue, SqsQueue Dead)> NewQueueAsync(string name)
    {
        string deadUrl = await _sqs.CreateQueueAsync(name + "-dead");
        string arn = (await _sqs.GetAttributesAsync(deadUrl, ["QueueArn"]))["QueueArn"];
        string url = await _sqs.CreateQueueAsync(
            name, new Dictionary<string, string> { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":"{{MaxReceiveCount}}"}""" });
        return (new SqsQueue(_sqs, url), new SqsQueue(_sqs, deadUrl));
    }

    private async Task<(int Waiting, int Taken)> CountAsync(Bed bed)
    {
        var found = await _sqs.GetAttributesAsync(bed.Queue.Name, ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]);
        int Number(string name) => int.Parse(found[name], CultureInfo.InvariantCulture);
        return (Number("ApproximateNumberOfMessages") + Number("ApproximateNumberOfMessagesDelayed"), Number("ApproximateNumberOfMessagesNotVisible"));
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        for (int i = 0; !await isSo(); i++)
        {
            Assert.True(i < 2_000, "It did not happen in time.");
            await Task.Delay(20);
        }
    }

    private T Keep<T>(T client)
        where T : IDisposable
    {
        _clients.Add(client);
        return client;
    }

    /// <summary>Where jobs are sent, what they go into, and what is known of them.</summary>
    private sealed record Bed
    {
        public required SqsQueue Queue { get; init; }

        public required SqsQueue Dead { get; init; }

        /// <summary>Jobs go to them in turn.</summary>
        public required string[] TableNames { get; init; }

        /// <summary>What commits that were sent to a queue come to.</summary>
        public required Func<Task> CommitQueuedAsync { get; init; }

        public required Func<IngestJobMessage, Task<string>> SendAsync { get; init; }

        public required string[] Arguments { get; init; }

        public required Func<string, Task<Table>> OpenTableAsync { get; init; }

        public required JobReports Reports { get; init; }

        public required Func<Task> CheckLeftAsync { get; init; }
    }
}
