using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>What a worker does when things go wrong: by kind of failure, and each job once all the same.</summary>
public sealed class IngestJobWorkerTests
{
    [Fact]
    public async Task C25_A_job_whose_lease_is_lost_ends_before_it_commits()
    {
        using var bed = await JobBed.NewAsync();
        var queue = new ScriptedQueue(bed.Queue);
        int opened = 0;
        var bucket = new ScriptedObjectStore(bed.Bucket)
        {
            Fault = (verb, _) =>
            {
                if (verb == "open" && ++opened == 2)
                {
                    queue.Keeps = false; // after the footer, before the rows
                    Thread.Sleep(30);
                }

                return ScriptedFault.None;
            },
        };
        bed.Options = bed.Options with { Queue = queue, KeepAlivePeriod = TimeSpan.FromMilliseconds(20), Inputs = new JobInputs { OpenBucket = _ => bucket } };
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Empty(await bed.CopiesAsync());
        Assert.DoesNotContain("delete", queue.Calls);
        Assert.DoesNotContain("give-back", queue.Calls);
        Assert.Equal(JobState.InProgress, (await bed.StatusAsync("j")).State);

        // Who has the message now goes on with the run.
        Assert.Equal(["a.parquet"], (await FinishedByAnotherAsync(bed)).Keys);
        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal((JobState.Finished, 1), (run.State, run.Updates.Count(u => u is JobStarted)));
    }

    [Fact]
    public async Task C26_Nothing_after_the_commit_makes_a_failure_of_it()
    {
        using var bed = await JobBed.NewAsync();
        var queue = new ScriptedQueue(bed.Queue) { Before = call => _ = call == "delete" ? throw new IOException("no network") : 0 };
        var tracker = new ScriptedTracker(bed.Tracker) { Before = update => _ = update is JobAddedFiles or JobFinished ? throw new IOException("no tracker") : 0 };
        bed.Options = bed.Options with { Queue = queue, Tracker = tracker, Clock = new ImpatientClock() };
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Equal(JobState.InProgress, (await bed.StatusAsync("j")).State);
        Assert.Contains(bed.Log.Lines, l => l.Text.Contains("could not be told of 'finished'", StringComparison.Ordinal));

        // The message comes again, perhaps when its files are gone: the run is found done, and its records are brought to their end.
        await bed.Bucket.DeleteAsync("a.parquet");
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await FinishedByAnotherAsync(bed));
        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal((JobState.Finished, (long)SmallIngest.RowCount), (run.State, run.RowsWritten));
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task C27_A_message_that_could_not_be_deleted_is_found_done_and_leaves_no_second_run()
    {
        using var bed = await JobBed.NewAsync();
        bed.Options = bed.Options with
        {
            Queue = new ScriptedQueue(bed.Queue) { Before = call => _ = call == "delete" ? throw new IOException("no network") : 0 },
        };
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await FinishedByAnotherAsync(bed));

        Assert.Single((await bed.StatusAsync("j")).Runs);
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task C28_What_may_pass_is_tried_again_here_with_growing_delays_and_logged_once()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        int failures = 0;
        var bucket = new ScriptedObjectStore(bed.Bucket) { Fault = (verb, _) => verb == "open" && failures++ < 3 ? ScriptedFault.Before : ScriptedFault.None };
        bed.Options = bed.Options with { Inputs = new JobInputs { OpenBucket = _ => bucket } };
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Equal(JobState.Finished, (await bed.StatusAsync("j")).State);
        Assert.Single(bed.Log.Lines, l => l.Level == LogLevel.Warning && l.Text.Contains("tried again", StringComparison.Ordinal));
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task C28_Faults_at_every_operation_of_the_table_leave_one_copy()
    {
        // Each operation of the job on the table's store fails once, before or after its effect.
        for (int at = 0; at < 30; at++)
        {
            var inner = new InMemoryObjectStore();
            var tables = new ScriptedObjectStore(inner);
            using var bed = await JobBed.NewAsync(tables);
            await bed.PutFileAsync("a.parquet");
            await bed.SendAsync("j", "in/a.parquet");
            int calls = 0;
            tables.Fault = (verb, path) => !path.StartsWith("flights/jobs", StringComparison.Ordinal) && !path.StartsWith("_jobs", StringComparison.Ordinal) && calls++ == at
                ? at % 2 == 0 ? ScriptedFault.Before : ScriptedFault.After
                : ScriptedFault.None;

            await bed.RunWorkerAsync();

            tables.Fault = (_, _) => ScriptedFault.None;
            Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
            Assert.Equal(JobState.Finished, (await bed.StatusAsync("j")).State);
        }
    }

    [Fact]
    public async Task What_does_not_pass_is_given_back_with_a_delay_and_lies_with_the_dead_letters_in_the_end()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        var queue = new ScriptedQueue(bed.Queue);
        var bucket = new ScriptedObjectStore(bed.Bucket) { Fault = (verb, _) => verb == "open" ? ScriptedFault.Before : ScriptedFault.None };
        bed.Options = bed.Options with { Queue = queue, MaxAttempts = 2, Inputs = new JobInputs { OpenBucket = _ => bucket } };
        await bed.SendAsync("j", "in/a.parquet");

        await bed.RunWorkerAsync();

        // Three receives of the original, then copies of the last, which are the same run.
        Assert.Equal(2 + 10 + (10 * 2), queue.Delays.Count);
        Assert.All(queue.Delays, d => Assert.True(d > TimeSpan.Zero));
        Assert.Equal(10, queue.Sent.Count);
        Assert.Equal(2, (await bed.DeadLettersAsync()).Count);
        Assert.Empty(await bed.CopiesAsync());
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task Where_there_are_no_dead_letters_what_cannot_be_done_ends_all_the_same_and_is_reported()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        byte[] bytes = SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows("bad")]);
        bytes.AsSpan(20, 60).Fill(0xFF);
        await bed.Bucket.PutAsync("bad.parquet", bytes);
        var queue = new ScriptedQueue(new ObjectStoreQueue(bed.QueueStore, "", new() { MaxReceiveCount = 1_000, SettleTime = TimeSpan.Zero })) { Policy = new QueuePolicy(null, null) };
        var bucket = new ScriptedObjectStore(bed.Bucket) { Fault = (verb, path) => verb == "open" && path == "a.parquet" ? ScriptedFault.Before : ScriptedFault.None };
        bed.Options = bed.Options with { Queue = queue, MaxAttempts = 1, MaxReceiveCount = 2, RetryDelay = TimeSpan.FromTicks(1), Inputs = new JobInputs { OpenBucket = _ => bucket } };
        await bed.SendAsync("missing", "in/none.parquet");
        await bed.SendAsync("bad", "in/bad.parquet");
        await bed.SendAsync("unreachable", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(JobState.Rejected, (await bed.StatusAsync("missing")).State);
        Assert.Equal((JobState.Failed, 2), ((await bed.StatusAsync("bad")).State, (await bed.StatusAsync("bad")).Runs.Count));
        Assert.Equal(3, queue.Calls.Count(c => c == "set-aside"));
        Assert.Equal(1 + 2 + 12, queue.Calls.Count(c => c == "receive") - 1); // what may pass comes 10 times more; the last look finds nothing
        Assert.Equal(
            ["bad", "missing", "unreachable"],
            bed.Log.Lines.Where(l => l.Level == LogLevel.Error && l.Text.Contains("is deleted", StringComparison.Ordinal))
                .Select(l => (string)JsonNode.Parse(l.Text[l.Text.IndexOf('{', StringComparison.Ordinal)..])!["id"]!).Order());
        Assert.Empty(await bed.CopiesAsync());
    }

    [Fact]
    public async Task A_message_that_workers_die_of_ends_where_there_are_no_dead_letters()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("deadly", "in/a.parquet");
        for (int i = 0; i < 11; i++)
        {
            Assert.NotNull(await NewQueue().ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(1))); // and dies
            bed.QueueClock.Advance(TimeSpan.FromMinutes(2));
        }

        bed.Options = bed.Options with { Queue = new ScriptedQueue(NewQueue()) { Policy = new QueuePolicy(null, null) }, MaxReceiveCount = 1 };

        await bed.RunWorkerAsync();

        var run = Assert.Single((await bed.StatusAsync("deadly")).Runs);
        Assert.Equal(JobState.Failed, run.State);
        Assert.Contains("received 12 times", run.Reasons.Single(), StringComparison.Ordinal);
        Assert.Empty(await bed.CopiesAsync());
        Assert.Equal(0, await NewQueue().CountAsync());

        ObjectStoreQueue NewQueue() => new(bed.QueueStore, "", new() { MaxReceiveCount = 1_000, SettleTime = TimeSpan.Zero });
    }

    [Fact]
    public async Task The_run_of_a_worker_that_died_goes_on()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        var gate = new GatedObjectStore(bed.Bucket);
        bed.Options = bed.Options with { Inputs = new JobInputs { OpenBucket = _ => gate }, Queue = new ScriptedQueue(bed.Queue) { Before = call => _ = call is "delete" or "give-back" ? throw new IOException("dead") : 0 } };
        await bed.SendAsync("j", "in/a.parquet");
        var dead = new ScriptedTracker(bed.Tracker) { Before = update => _ = update is JobFailed ? throw new IOException("dead") : 0 };
        using var stop = new CancellationTokenSource();
        bed.Options = bed.Options with { Tracker = dead, GracePeriod = TimeSpan.Zero, Clock = new ImpatientClock() };
        var running = bed.RunWorkerAsync(stop.Token);
        await gate.Arrived;
        await stop.CancelAsync();
        await running;
        string first = (await bed.StatusAsync("j")).Runs.Single().RunId!;
        bed.Options = bed.Options with { Inputs = new JobInputs { OpenBucket = _ => bed.Bucket } };

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await FinishedByAnotherAsync(bed));

        var run = (await bed.StatusAsync("j")).Runs.Single();
        Assert.Equal((first, JobState.Finished, 1), (run.RunId, run.State, run.Updates.Count(u => u is JobStarted)));
    }

    [Fact]
    public async Task What_the_tracker_knows_as_done_is_not_done_again_even_if_the_table_forgot_it()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        string message = await bed.SendAsync("j", "in/a.parquet");
        await bed.SendAsync("""{"id":"k","tableName":"flights","files":["in/a.parquet"],"once":true}""");
        foreach (string ingest in new[] { $"job/{message}/j", "job-once/k" })
        {
            await RecordFinishedAsync(bed, ingest[^1..], ingest);
        }

        for (int i = 0; i < 2; i++)
        {
            Assert.NotNull(await bed.Queue.ReceiveAsync(TimeSpan.Zero, TimeSpan.FromMinutes(1))); // by somebody who finished, and could not delete it
        }

        Assert.Empty(await FinishedByAnotherAsync(bed));

        Assert.Single((await bed.StatusAsync("j")).Runs);
        Assert.Empty(await bed.LeftAsync());
        await bed.SendAsync("j", "in/a.parquet"); // the same job sent again is another run
        await bed.RunWorkerAsync();
        Assert.Equal(2, (await bed.StatusAsync("j")).Runs.Count);
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
    }

    [Fact]
    public async Task Where_a_second_receive_would_be_the_end_a_copy_is_sent_and_it_is_the_same_run()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        var queue = new ScriptedQueue(new ObjectStoreQueue(bed.QueueStore, "", new() { MaxReceiveCount = 1 }));
        int failures = 0;
        var bucket = new ScriptedObjectStore(bed.Bucket) { Fault = (verb, _) => verb == "open" && failures++ < 3 ? ScriptedFault.Before : ScriptedFault.None };
        bed.Options = bed.Options with { Queue = queue, MaxAttempts = 2, RetryDelay = TimeSpan.FromTicks(1), Inputs = new JobInputs { OpenBucket = _ => bucket } };
        string first = await bed.SendAsync("""{"id":"j","tableName":"flights","files":["in/a.parquet"],"more":1}""");

        await bed.RunWorkerAsync();

        var copy = JsonNode.Parse(queue.Sent.Single())!;
        Assert.Equal(("j", first, 1), ((string)copy["id"]!, (string)copy["firstMessageId"]!, (int)copy["copies"]!));
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Empty(await bed.DeadLettersAsync());
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task A_copy_and_its_original_are_one_run()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        string first = await bed.SendAsync("""{"id":"j","tableName":"flights","files":["in/a.parquet"]}""");
        await bed.SendAsync($$"""{"id":"j","tableName":"flights","files":["in/a.parquet"],"firstMessageId":"{{first}}","copies":1}""");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Single((await bed.StatusAsync("j")).Runs);
    }

    [Fact]
    public async Task C29_Bad_data_fails_with_its_place_and_does_not_keep_others_waiting()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("good.parquet");
        byte[] bytes = SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows("bad")]);
        bytes.AsSpan(20, 60).Fill(0xFF); // a page; the footer is as it was
        await bed.Bucket.PutAsync("bad.parquet", bytes);
        await bed.SendAsync("bad", "in/good.parquet", "in/bad.parquet");
        await bed.SendAsync("good", "in/good.parquet");
        bed.Options = bed.Options with { Queue = new ScriptedQueue(bed.Queue) };

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["good.parquet"] = 1 }, await bed.CopiesAsync());
        var job = await bed.StatusAsync("bad");
        Assert.Equal((JobState.Failed, 3), (job.State, job.Runs.Count)); // the queue's three receives
        Assert.All(job.Runs, r => Assert.Contains("bad.parquet", r.Reasons[0], StringComparison.Ordinal));
        var letter = Assert.Single(await bed.DeadLettersAsync(), l => l.Key.EndsWith(".reason", StringComparison.Ordinal));
        Assert.Contains("bad.parquet", letter.Value, StringComparison.Ordinal);
        Assert.Empty(await bed.LeftAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_missing_permission_or_a_full_disk_stops_the_taking_of_jobs_until_it_is_mended(bool isFull)
    {
        int refusals = 0;
        var inner = new InMemoryObjectStore();
        var reason = isFull ? new IOException("No space left on device", 28) : null;
        using var bed = await JobBed.NewAsync(new RefusingObjectStore(inner, path => path.Contains("/data/", StringComparison.Ordinal) && refusals++ < 4, reason));
        await bed.PutFileAsync("a.parquet");
        await bed.PutFileAsync("b.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        await bed.SendAsync("k", "in/b.parquet");
        var queue = new ScriptedQueue(bed.Queue);
        bed.Options = bed.Options with { Queue = queue };

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1, ["b.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.DoesNotContain("give-back", queue.Calls);
        Assert.Single(bed.Log.Lines, l => l.Level == LogLevel.Error && l.Text.Contains("takes no more jobs", StringComparison.Ordinal));
        Assert.Single(bed.Log.Lines, l => l.Text.Contains("takes jobs again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_permission_that_does_not_come_gives_other_jobs_a_chance()
    {
        var inner = new InMemoryObjectStore();
        using var bed = await JobBed.NewAsync(new RefusingObjectStore(inner, path => path.StartsWith("closed/data/", StringComparison.Ordinal)));
        await Table.CreateAsync(inner, "closed", SmallIngest.Schema);
        await bed.PutFileAsync("a.parquet");
        var queue = new ScriptedQueue(bed.Queue);
        bed.Options = bed.Options with { Queue = queue, MaxPause = TimeSpan.FromMilliseconds(20) };
        await bed.SendAsync("""{"id":"never","tableName":"closed","files":["in/a.parquet"]}""");
        await bed.SendAsync("good", "in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(JobState.Finished, (await bed.StatusAsync("good")).State);
        Assert.Equal(JobState.Failed, (await bed.StatusAsync("never")).State);
        Assert.Contains("give-back", queue.Calls);
    }

    [Fact]
    public async Task A_stopped_worker_lets_a_running_job_finish_within_the_grace_time()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.PutFileAsync("b.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        var gate = new GatedObjectStore(bed.Bucket);
        using var stop = new CancellationTokenSource();
        bed.Options = bed.Options with { StopsWhenEmpty = false, GracePeriod = TimeSpan.FromMinutes(5), Inputs = new JobInputs { OpenBucket = _ => gate } };
        var running = bed.RunWorkerAsync(stop.Token);
        await gate.Arrived;

        await stop.CancelAsync();
        await bed.SendAsync("late", "in/b.parquet");
        gate.Open();
        await running;

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Null(await bed.Reports.FindAsync("late"));
        Assert.NotNull(Assert.Single(await bed.Reports.ListTasksAsync()).FinishTime);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public async Task A_job_that_is_not_done_within_the_grace_time_is_given_back_at_once(int maxReceiveCount)
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        var gate = new GatedObjectStore(bed.Bucket);
        using var stop = new CancellationTokenSource();
        var queue = new ObjectStoreQueue(bed.QueueStore, "", new() { MaxReceiveCount = maxReceiveCount });
        bed.Options = bed.Options with
        {
            Queue = queue,
            StopsWhenEmpty = false,
            GracePeriod = TimeSpan.Zero,
            Inputs = new JobInputs { OpenBucket = _ => gate },
        };
        var running = bed.RunWorkerAsync(stop.Token);
        await gate.Arrived;

        await stop.CancelAsync();
        await running;

        Assert.Empty(await bed.CopiesAsync());
        Assert.Equal(1, await queue.CountAsync());
        Assert.Equal(JobState.Failed, (await bed.StatusAsync("j")).State);
        Assert.Contains("stopped", (await bed.StatusAsync("j")).Runs[0].Reasons[0], StringComparison.Ordinal);
        bed.Options = bed.Options with { StopsWhenEmpty = true, Inputs = new JobInputs { OpenBucket = _ => bed.Bucket } };
        await bed.RunWorkerAsync();
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task Several_jobs_at_a_time_do_not_harm_one_another()
    {
        using var bed = await JobBed.NewAsync();
        bed.Options = bed.Options with { MaxConcurrentJobs = 4, ConfigureIngest = f => f.WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1), Queue = new ScriptedQueue(bed.Queue) };
        for (int i = 0; i < 12; i++)
        {
            await bed.PutFileAsync($"{i}.parquet");
            await bed.SendAsync($"j{i}", i % 4 == 3 ? "in/none.parquet" : $"in/{i}.parquet");
        }

        await bed.RunWorkerAsync();

        var copies = await bed.CopiesAsync();
        Assert.Equal(9, copies.Count);
        Assert.All(copies, c => Assert.Equal(1, c.Value));
        Assert.Equal(3, (await bed.Reports.ListRejectedAsync()).Count);
        Assert.Empty(await bed.LeftAsync());
    }

    [Fact]
    public async Task A_job_that_shall_ingest_once_does_however_often_it_is_sent()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        for (int i = 0; i < 3; i++)
        {
            await bed.SendAsync(new IngestJobMessage { Id = "day-1", TableName = JobBed.TableName, Files = ["in/a.parquet"], Once = true }.ToJson());
        }

        await bed.SendAsync("""{"tableName":"flights","files":["in/a.parquet"],"once":true}""");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
        Assert.Single((await bed.StatusAsync("day-1")).Runs);
        Assert.Contains("\"once\" needs an \"id\"", Assert.Single(await bed.Reports.ListRejectedAsync()).Runs[0].Reasons.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_that_fails_is_asked_again_and_logged_once()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        int failures = 0;
        bed.Options = bed.Options with
        {
            Clock = new ImpatientClock(),
            Queue = new ScriptedQueue(bed.Queue) { Before = call => _ = call == "receive" && failures++ < 5 ? throw new IOException("no network") : 0 },
        };

        await bed.RunWorkerAsync();

        Assert.Equal(JobState.Finished, (await bed.StatusAsync("j")).State);
        Assert.Single(bed.Log.Lines, l => l.Text.Contains("No job can be taken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Local_files_and_folders_are_taken_if_they_may_be()
    {
        using var bed = await JobBed.NewAsync();
        Directory.CreateDirectory(Path.Combine(bed.Folder, "in", "deep er"));
        await File.WriteAllBytesAsync(Path.Combine(bed.Folder, "in", "a.parquet"), SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows("a")]));
        await File.WriteAllBytesAsync(Path.Combine(bed.Folder, "in", "deep er", "b.parquet"), SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows("b")]));
        bed.Options = bed.Options with { Inputs = new JobInputs { AllowsLocalFiles = true, LocalFolder = bed.Folder } };
        await bed.SendAsync("absolute", Path.Combine(bed.Folder, "in"));
        await bed.SendAsync("relative", "in/a.parquet", "./in/a.parquet");
        await bed.SendAsync("uri", new Uri(Path.Combine(bed.Folder, "in", "deep er", "b.parquet")).AbsoluteUri);
        await bed.SendAsync("out", "../b.parquet");
        await bed.SendAsync("none", "in/none.parquet");
        await bed.SendAsync("bucket", "s3://in/a.parquet");

        await bed.RunWorkerAsync();

        Assert.Equal(new Dictionary<string, int> { ["a"] = 2, ["b"] = 2 }, await bed.CopiesAsync());
        Assert.Contains("leads out of", (await bed.StatusAsync("out")).Runs[0].Reasons.Single(), StringComparison.Ordinal);
        Assert.Equal(["Could not find one or more paths"], (await bed.StatusAsync("none")).Runs[0].Reasons);
        Assert.Contains("is in a bucket", (await bed.StatusAsync("bucket")).Runs[0].Reasons.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_runs_a_worker_and_stops_it()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("j", "in/a.parquet");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSleeperIngestWorker(_ => bed.Options with { StopsWhenEmpty = false, ReceiveWait = TimeSpan.FromSeconds(20) });
        using var host = builder.Build();
        await host.StartAsync();

        for (int i = 0; (await bed.Reports.FindAsync("j"))?.State != JobState.Finished; i++)
        {
            Assert.True(i < 2_000, "The job was not done.");
            await Task.Delay(5);
        }

        await host.StopAsync();

        Assert.NotNull(Assert.Single(await bed.Reports.ListTasksAsync()).FinishTime);
        Assert.Equal(new Dictionary<string, int> { ["a.parquet"] = 1 }, await bed.CopiesAsync());
    }

    [Fact]
    public void Settings_are_checked_all_together()
    {
        var error = Assert.Throws<ArgumentException>(() => new IngestJobWorker(new IngestJobWorkerOptions { MaxConcurrentJobs = 0, Lease = TimeSpan.FromSeconds(1) }));

        Assert.All(new[] { "Queue", "Tables", "MaxConcurrentJobs", "KeepAlivePeriod" }, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    private static async Task RecordFinishedAsync(JobBed bed, string jobId, string ingestId)
    {
        var time = DateTimeOffset.UtcNow.AddDays(-1);
        string run = JobRunIds.New(bed.TableId, ingestId);
        JobUpdate[] updates =
        [
            new JobStarted { JobId = jobId, UpdateTime = time, StartTime = time },
            new JobAddedFiles { JobId = jobId, UpdateTime = time, WrittenTime = time, FileCount = 1 },
            new JobFinished { JobId = jobId, UpdateTime = time, FinishTime = time, FileCount = 1 },
        ];
        foreach (var update in updates)
        {
            await bed.Tracker.AddAsync(update with { TableId = bed.TableId, TableName = JobBed.TableName, JobRunId = run });
        }
    }

    [Fact]
    public async Task Old_records_are_forgotten_by_workers()
    {
        var clock = new ManualClock();
        using var bed = await JobBed.NewAsync(new InMemoryObjectStore("tables", clock));
        await RecordFinishedAsync(bed, "old", "job/m/old");
        clock.Advance(TimeSpan.FromDays(8));
        await RecordFinishedAsync(bed, "new", "job/m/new");

        await bed.RunWorkerAsync(); // it finds nothing to do

        Assert.Null(await bed.Reports.FindAsync("old"));
        Assert.NotNull(await bed.Reports.FindAsync("new"));
    }

    private static async Task<Dictionary<string, int>> FinishedByAnotherAsync(JobBed bed)
    {
        bed.QueueClock.Advance(TimeSpan.FromHours(1)); // the first worker's lease has run out
        bed.Options = bed.Options with
        {
            Queue = new ObjectStoreQueue(bed.QueueStore, "", new() { SettleTime = TimeSpan.Zero }),
            Tracker = bed.Tracker,
            TaskId = "task-2",
            KeepAlivePeriod = TimeSpan.FromMinutes(5),
            Clock = TimeProvider.System,
        };
        await bed.RunWorkerAsync();
        return await bed.CopiesAsync();
    }

    /// <summary>The system's clock, whose waits are a thousand times shorter.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 1000 : dueTime, period > TimeSpan.Zero ? period / 1000 : period);
    }
}
