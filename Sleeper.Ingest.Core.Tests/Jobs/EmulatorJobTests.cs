using System.Globalization;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Queues.Sqs;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>The whole way over emulated services: jobs on SQS with dead letters, input and tables in buckets, processes that are killed while they work.</summary>
public sealed class EmulatorJobTests
{
    private const int Jobs = 20;
    private const int Workers = 4;
    private const int Kills = 2; // with three receives a job bears two

    [Fact]
    public async Task Jobs_on_a_queue_of_the_cloud_are_done_once_by_processes_that_are_killed()
    {
        var aws = await AwsEmulator.GetAsync();
        using var s3 = aws.NewS3Client();
        string input = await aws.NewBucketAsync("input"), tablesBucket = await aws.NewBucketAsync("tables");
        using var source = new S3ObjectStore(s3, input);
        using var tables = new S3ObjectStore(s3, tablesBucket);
        await Table.CreateAsync(tables, JobBed.TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        using var sqs = new SqsClient(AwsEmulator.Credentials, new SqsClientConfig { ServiceURL = aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region });
        var (queue, dead) = await NewQueueAsync(sqs);
        for (int i = 0; i < Jobs; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"in/{i}.parquet");
            await source.PutAsync(key, SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows($"{i}")]));
            await queue.SendAsync(BodyOf(i, $"{input}/{key}"));
        }

        using var folder = new TemporaryFolder();
        string[] arguments = ["--endpoint", aws.ServiceUrl, "--queue", queue.Name, "--tables-bucket", tablesBucket, "--spill", Path.Combine(folder.Path, "spill"), "--lease-ms", "6000"];
        await RunWorkersAsync(arguments, sqs, queue.Name);

        var copies = await SmallIngest.CopiesAsync(tables, table: JobBed.TableName);
        Assert.Equal(Enumerable.Range(0, Jobs).Where(IsGood).Select(i => $"{i}").Order(), copies.Keys.Order());
        Assert.All(copies, c => Assert.Equal(1, c.Value));
        await CheckTrackerAsync(new JobReports(new ObjectStoreJobTracker(tables)));
        await CheckDeadLettersAsync(dead);
        await (await Table.OpenAsync(tables, JobBed.TableName)).MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = Path.Combine(folder.Path, "spill") });
        Assert.DoesNotContain(
            await SmallIngest.StrayObjectsAsync(tables, JobBed.TableName),
            p => p.Contains("/data/", StringComparison.Ordinal) || p.Contains("/ingests/", StringComparison.Ordinal));
    }

    private static async Task RunWorkersAsync(string[] arguments, SqsClient sqs, string queueUrl)
    {
        var workers = Enumerable.Range(0, Workers).Select(_ => WorkerProcess.Start("work-jobs", arguments)).ToList();
        try
        {
            await Task.WhenAll(workers.Select(w => w.ExpectLineAsync("ready")));
            for (int kill = 0; kill < Kills; kill++)
            {
                int left = Jobs - ((kill + 1) * Jobs / (Kills + 2));
                await UntilAsync(async () => (await CountAsync(sqs, queueUrl)).Total <= left);
                await workers[0].KillAsync();
                await workers[0].DisposeAsync();
                workers.RemoveAt(0);
                workers.Add(WorkerProcess.Start("work-jobs", arguments));
            }

            await UntilAsync(async () => (await CountAsync(sqs, queueUrl)).Total == 0);
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

    /// <summary>Some are good, some name a file that is not there, some are no JSON, one is of no table.</summary>
    private static bool IsGood(int job) => job % 5 != 4;

    private static string BodyOf(int job, string file) => job switch
    {
        4 => """{"id":"job-4","tableName":"flights","files":[""",
        9 => $$"""{"id":"job-9","tableName":"nowhere","files":["{{file}}"]}""",
        _ => new IngestJobMessage { Id = $"job-{job}", TableName = JobBed.TableName, Files = IsGood(job) ? [file] : [file, $"{file}-more.parquet"] }.ToJson(),
    };

    private static async Task CheckTrackerAsync(JobReports reports)
    {
        for (int i = 0; i < Jobs; i++)
        {
            if (i != 4)
            {
                Assert.Equal(IsGood(i) ? JobState.Finished : JobState.Rejected, (await reports.FindAsync($"job-{i}"))?.State);
            }
        }

        var rejected = await reports.ListRejectedAsync();
        Assert.Equal(4, rejected.Count);
        Assert.Equal(
            ["Could not find one or more paths", "Could not find one or more paths", "Error parsing JSON.", "Table not found"],
            rejected.Select(j => j.Runs[0].Reasons[0].Split(" Reason:")[0]).Order());
        Assert.True((await reports.ListTasksAsync()).Count >= Workers);
    }

    private static async Task CheckDeadLettersAsync(SqsQueue dead)
    {
        int count = 0;
        while (await dead.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(5)) is { } letter)
        {
            count++;
            Assert.Contains(Enumerable.Range(0, Jobs).Where(i => !IsGood(i)), i => letter.Body!.Contains($"\"job-{i}\"", StringComparison.Ordinal));
        }

        Assert.Equal(Jobs / 5, count);
    }

    private static async Task<(SqsQueue Queue, SqsQueue Dead)> NewQueueAsync(SqsClient sqs)
    {
        string name = AwsEmulator.UniqueName("jobs");
        string deadUrl = await sqs.CreateQueueAsync(name + "-dead");
        string arn = (await sqs.GetAttributesAsync(deadUrl, ["QueueArn"]))["QueueArn"];
        string url = await sqs.CreateQueueAsync(name, new Dictionary<string, string> { ["RedrivePolicy"] = $$"""{"deadLetterTargetArn":"{{arn}}","maxReceiveCount":"3"}""" });
        return (new SqsQueue(sqs, url), new SqsQueue(sqs, deadUrl));
    }

    private static async Task<(int Visible, int Total)> CountAsync(SqsClient sqs, string url)
    {
        var found = await sqs.GetAttributesAsync(url, ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]);
        int visible = int.Parse(found["ApproximateNumberOfMessages"], CultureInfo.InvariantCulture);
        return (visible, visible + int.Parse(found["ApproximateNumberOfMessagesNotVisible"], CultureInfo.InvariantCulture));
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        for (int i = 0; !await isSo(); i++)
        {
            Assert.True(i < 2_000, "It did not happen in time.");
            await Task.Delay(50);
        }
    }
}
