using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>
/// A worker of a deployed instance dies at each step of a job, before or after the step's effect. Who receives the message next leaves its rows in the table once, its run
/// in the tracker once and whole, and nothing of it in the queue.
/// </summary>
public sealed class LiveJobDeathTests : IDisposable
{
    private const string TableName = "of-jobs";

    private readonly InProcessInstance _place = InProcessInstance.Load("01-deployed");
    private readonly InMemoryObjectStore _input = new("in");
    private readonly InMemoryObjectStore _inbox;
    private readonly ManualClock _queueClock = new();
    private readonly AppendingTracker _tracker = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<MortalProcess> _dead = [];

    public LiveJobDeathTests()
    {
        _inbox = new InMemoryObjectStore("inbox", _queueClock);
    }

    public void Dispose()
    {
        _dead.ForEach(d => d.Bury());
        _folder.Dispose();
    }

    [Fact]
    public async Task C27_C28_A_worker_that_dies_at_any_step_leaves_one_copy_and_one_whole_run()
    {
        using var instance = await _place.OpenDirectAsync();
        await Table.CreateAsync(
            instance, TableName, SmallIngest.Schema, SmallIngest.SplitPoints, new Dictionary<string, string> { ["sleeper.table.ingest.job.files.commit.async"] = "false" });
        var alive = new MortalProcess();
        await SendAsync("alive");
        await WorkAsync(alive);
        string[] steps = [.. alive.Steps];
        Assert.Contains("DynamoDB_20120810.PutItem", steps); // the commit
        Assert.Equal(["tell JobAddedFiles", "tell JobFinished", "delete", "receive"], steps[^4..]);

        // All but the last look at the queue, each without its effect and with it.
        var deaths = Enumerable.Range(1, steps.Length - 1).SelectMany(step => new[] { (Step: step, WithEffect: false), (Step: step, WithEffect: true) }).ToList();
        foreach (var (step, withEffect) in deaths)
        {
            string job = $"dies at {step} {(withEffect ? "after" : "before")} {steps[step - 1]}";
            await SendAsync(job);
            await DieAsync(step, withEffect, job);
            _queueClock.Advance(TimeSpan.FromHours(1)); // its lease has run out
            await WorkAsync(new MortalProcess());
            await CheckAsync(job);
        }

        await CheckTableAsync(["alive", .. deaths.Select(d => $"dies at {d.Step} {(d.WithEffect ? "after" : "before")} {steps[d.Step - 1]}")], deaths.Count);
    }

    private async Task SendAsync(string job)
    {
        await _input.PutAsync($"{job}.parquet", SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows(job)]));
        await NewQueue().SendAsync(new IngestJobMessage { Id = job, TableName = TableName, Files = [$"in/{job}.parquet"] }.ToJson());
    }

    private ObjectStoreQueue NewQueue() => new(_inbox, "", new() { SettleTime = TimeSpan.Zero });

    private async Task WorkAsync(MortalProcess process, CancellationToken stop = default)
    {
        using var instance = await _place.OpenAsync(process.Handler(_place));
        await new IngestJobWorker(new IngestJobWorkerOptions
        {
            Queue = process.Queue(NewQueue()),
            Tables = new SleeperJobTables(instance),
            Tracker = process.Tracker(_tracker),
            Inputs = new JobInputs { OpenBucket = _ => _input },
            ConfigureIngest = f => f.WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).WithSpillFolder(_folder.Path),
            ReceiveWait = TimeSpan.Zero,
            GracePeriod = TimeSpan.Zero,
            StopsWhenEmpty = true,
        }).RunAsync(stop);
    }

    private async Task DieAsync(int step, bool withEffect, string job)
    {
        var process = new MortalProcess(step, withEffect);
        _dead.Add(process);
        var working = WorkAsync(process);
        Assert.True(await Task.WhenAny(working, process.Died) == process.Died, $"{job}: the worker came to its end.");
    }

    private async Task CheckAsync(string job)
    {
        var status = await new JobReports(_tracker).FindAsync(job);
        Assert.True(status is not null, $"{job}: nothing is known of it.");
        var run = Assert.Single(status.Runs);
        Assert.True(
            run.State == JobState.Finished && !status.IsUnfinished && run.RowsWritten == SmallIngest.RowCount && run.Updates.Count == 3,
            $"{job}: {run.State}, {run.RowsWritten} rows, {string.Join(", ", run.Updates.Select(u => u.GetType().Name))}");
        Assert.True(await NewQueue().CountAsync() == 0, $"{job}: its message is there.");
    }

    private async Task CheckTableAsync(string[] jobs, int deaths)
    {
        using var instance = await _place.OpenDirectAsync();
        var rows = await (await Table.OpenAsync(instance, TableName)).ReadAsync(TableQuery.All).ToListAsync();
        Assert.Equal(jobs.Order(StringComparer.Ordinal), rows.Select(r => r.GetString(1)).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(jobs.Length * SmallIngest.RowCount, rows.Count);
        Assert.Equal(rows.Count, rows.Select(r => (r.GetString(1), r.GetInt(2))).Distinct().Count());

        // What is nobody's are files of tries that died, each named after its try.
        var table = await instance.OpenTableAsync(TableName, TableFixture.Options(), null, default);
        var owned = (await table.StateStore.LoadStateAsync()).References.Select(r => LiveTablePaths.KeyOf(r.FileName)).SelectMany(f => new[] { f, DataFileNames.SketchesPath(f) });
        var nobodys = (await TableFixture.ObjectsAsync(table.DataBucket, $"{table.Table.Id}/data/")).Except(owned).Select(p =>
        {
            Assert.True(LiveTablePaths.TryParseIngest(Path.ChangeExtension(p, ".parquet"), out string ingest, out string attempt), p);
            return (ingest, attempt);
        });
        Assert.InRange(nobodys.Distinct().Count(), 1, deaths);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.spill", SearchOption.AllDirectories));
    }
}
