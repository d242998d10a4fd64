using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>What follows from a job's updates, and what a tracker keeps of them.</summary>
public sealed class JobStatusTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TheoryData<JobState, string> Runs => new()
    {
        { JobState.Rejected, "rejected" },
        { JobState.Accepted, "accepted" },
        { JobState.InProgress, "started" },
        { JobState.InProgress, "accepted started" },
        { JobState.InProgress, "started added1" },
        { JobState.InProgress, "added1" },
        { JobState.Uncommitted, "started finished1" },
        { JobState.Uncommitted, "started added1 finished2" },
        { JobState.Uncommitted, "started added1 added1 finished1" }, // more is not all, either
        { JobState.Finished, "started added1 finished1" },
        { JobState.Finished, "started finished3 added1 added2" },
        { JobState.Finished, "started finished0" },
        { JobState.Finished, "started done5" },
        { JobState.Failed, "started failed" },
        { JobState.Failed, "started added1 finished1 failed" },
        { JobState.Failed, "failed started added1 finished1" },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void C21_The_furthest_update_decides_a_runs_state(JobState expected, string updates)
    {
        var job = JobStatus.FromUpdates(updates.Split(' ').Select((u, i) => Update(u, i))).Single();

        Assert.Equal(expected, job.Runs.Single().State);
    }

    [Theory]
    [InlineData(JobState.Finished, true, "1:started 2:started,finished0")]
    [InlineData(JobState.Finished, true, "1:started,finished0 2:started")]
    [InlineData(JobState.InProgress, true, "1:started,failed 2:started")]
    [InlineData(JobState.Failed, true, "1:started,failed")]
    [InlineData(JobState.Failed, false, "1:started,failed -:rejected")]
    [InlineData(JobState.Rejected, false, "-:rejected -:rejected")]
    [InlineData(JobState.Uncommitted, true, "1:started,finished1 2:started,failed")]
    public void C21_The_furthest_run_decides_a_jobs_state(JobState expected, bool isUnfinished, string runs)
    {
        int at = 0;
        var updates = runs.Split(' ').SelectMany(run => run[2..].Split(',').Select(u => Update(u, at++, run[0] == '-' ? null : $"run {run[0]}"))).ToList();

        var job = JobStatus.FromUpdates(updates).Single();

        Assert.Equal(expected, job.State);
        Assert.Equal(isUnfinished, job.IsUnfinished);
        Assert.Equal(runs.Split(' ').Length, job.Runs.Count);
        Assert.True(job.Runs.Zip(job.Runs.Skip(1)).All(p => p.First.FirstUpdateTime >= p.Second.FirstUpdateTime));
    }

    [Fact]
    public void A_run_says_how_far_it_is_and_when_it_will_be_done()
    {
        JobUpdate started = new JobStarted { JobId = "j", JobRunId = "r", UpdateTime = Start, StartTime = Start, InputFileCount = 2, RowsExpected = 1_000 };
        JobUpdate progress = new JobProgress { JobId = "j", JobRunId = "r", UpdateTime = Start.AddSeconds(10), RowsRead = 250 };

        var before = JobStatus.FromUpdates([started]).Single().Runs[0];
        var run = JobStatus.FromUpdates([progress, started]).Single().Runs[0];

        Assert.Equal((0.0, null, null), (before.PercentDone, before.RowsPerSecond, before.EstimatedEnd));
        Assert.Equal((25.0, 25.0, Start.AddSeconds(40)), (run.PercentDone, run.RowsPerSecond, run.EstimatedEnd));
    }

    [Fact]
    public async Task The_tracker_gives_back_what_it_was_given()
    {
        var tracker = new ObjectStoreJobTracker(new InMemoryObjectStore());
        JobUpdate[] updates = [.. "accepted rejected started added1 finished1 failed".Split(' ').Select((u, i) => Update(u, i))];
        foreach (var update in updates)
        {
            await tracker.AddAsync(update);
        }

        var found = await tracker.ReadJobAsync("j").OrderBy(u => u.UpdateTime).ToListAsync();

        Assert.Equal(updates.Select(u => u.GetType()), found.Select(u => u.GetType()));
        Assert.Equal(updates.Select(u => u.UpdateTime), found.Select(u => u.UpdateTime));
        var rejected = Assert.IsType<JobValidated>(found[1]);
        Assert.Equal(["one", "zwei é"], rejected.Reasons);
        Assert.Equal("{\"id\":\"j\"", rejected.JsonMessage);
        Assert.Equal(3, Assert.IsType<JobStarted>(found[2]).InputFileCount);
    }

    [Fact]
    public async Task Progress_is_one_object_that_goes_with_the_end_of_its_run()
    {
        var store = new InMemoryObjectStore();
        var tracker = new ObjectStoreJobTracker(store);
        await tracker.AddAsync(Update("started", 0));
        for (int i = 1; i < 5; i++)
        {
            await tracker.AddAsync(new JobProgress { JobId = "j", JobRunId = "run", UpdateTime = Start.AddSeconds(i), RowsRead = i });
        }

        Assert.Equal(4, (await new JobReports(tracker).FindAsync("j"))!.Runs.Single().RowsRead);
        Assert.Equal(2, (await tracker.ReadJobAsync("j").ToListAsync()).Count);
        await tracker.AddAsync(Update("finished1", 6));

        Assert.DoesNotContain(await tracker.ReadJobAsync("j").ToListAsync(), u => u is JobProgress);
    }

    [Fact]
    public async Task Reports_find_jobs_by_id_state_time_and_task()
    {
        using var bed = await JobBed.NewAsync();
        await bed.PutFileAsync("a.parquet");
        await bed.SendAsync("good", "in/a.parquet");
        await bed.SendAsync("bad", "in/none.parquet");
        await bed.SendAsync("no table at all");
        await bed.RunWorkerAsync();
        await bed.Tracker.AddAsync(new JobStarted { JobId = "died", TableId = bed.TableId, TableName = JobBed.TableName, JobRunId = "r", TaskId = "dead task", UpdateTime = Start, StartTime = Start });
        var reports = bed.Reports;

        Assert.Equal(["bad", "died", "good"], (await reports.ListAsync(bed.TableId)).Select(j => j.JobId).Order());
        Assert.Equal(["died"], (await reports.ListUnfinishedAsync(bed.TableId)).Select(j => j.JobId));
        Assert.Single(await reports.ListAsync(null));
        Assert.Equal(2, (await reports.ListRejectedAsync()).Count);
        Assert.Equal(["died"], (await reports.ListOfTaskAsync(bed.TableId, "dead task")).Select(j => j.JobId));
        Assert.Equal(["good"], (await reports.ListOfTaskAsync(bed.TableId, "task-1")).Select(j => j.JobId));
        Assert.Equal(["died"], (await reports.ListBetweenAsync(bed.TableId, Start.AddDays(-1), Start.AddDays(1))).Select(j => j.JobId));
        Assert.Null(await reports.FindAsync("nobody"));
        await Table.DropAsync(bed.Tables, JobBed.TableName);
        Assert.Null(await reports.FindAsync("good"));
    }

    [Fact]
    public async Task What_is_old_by_the_stores_time_is_forgotten()
    {
        var clock = new ManualClock();
        var store = new InMemoryObjectStore("memory", clock);
        await Table.CreateAsync(store, JobBed.TableName, SmallIngest.Schema);
        var tracker = new ObjectStoreJobTracker(store);
        await tracker.AddAsync(Update("rejected", 0) with { TableName = JobBed.TableName });
        await tracker.AddAsync(new IngestTaskUpdate { TaskId = "t", StartTime = Start, UpdateTime = Start });
        clock.Advance(TimeSpan.FromDays(8));
        await tracker.AddAsync(Update("rejected", 1));

        Assert.Equal(2, await tracker.ForgetOldAsync());

        Assert.Single(await tracker.ReadRejectedAsync().ToListAsync());
        Assert.Empty(await tracker.ReadTasksAsync().ToListAsync());
        Assert.NotNull(await Table.OpenAsync(store, JobBed.TableName));
    }

    private static JobUpdate Update(string what, int at, string? run = "run")
    {
        var time = Start.AddSeconds(at);
        int number = char.IsAsciiDigit(what[^1]) ? what[^1] - '0' : 0;
        return what.TrimEnd("0123456789".ToCharArray()) switch
        {
            "accepted" => new JobValidated { JobId = "j", JobRunId = run, UpdateTime = time, ValidationTime = time, IsAccepted = true, InputFileCount = 1 },
            "rejected" => new JobValidated { JobId = "j", UpdateTime = time, ValidationTime = time, Reasons = ["one", "zwei é"], JsonMessage = "{\"id\":\"j\"" },
            "started" => new JobStarted { JobId = "j", JobRunId = run, TaskId = "t", UpdateTime = time, StartTime = time, InputFileCount = 3 },
            "added" => new JobAddedFiles { JobId = "j", JobRunId = run, TaskId = "t", UpdateTime = time, WrittenTime = time, FileCount = number },
            "finished" => new JobFinished { JobId = "j", JobRunId = run, TaskId = "t", UpdateTime = time, FinishTime = time, FileCount = number },
            "done" => new JobFinished { JobId = "j", JobRunId = run, TaskId = "t", UpdateTime = time, FinishTime = time, FileCount = number, IsCommittedWhenFilesAdded = false },
            _ => new JobFailed { JobId = "j", JobRunId = run, TaskId = "t", UpdateTime = time, FinishTime = time, Reasons = ["it is so"] },
        };
    }
}
