using System.Globalization;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>Jobs in a folder, worked off by processes that are killed again and again.</summary>
public sealed class JobProcessTests
{
    private const int Jobs = 40;
    private const int RowsPerJob = 50;
    private const int Workers = 4;
    private const int Kills = 4;

    [Fact]
    public async Task Every_job_is_done_once_by_processes_that_are_killed()
    {
        using var folder = new TemporaryFolder();
        string tables = Path.Combine(folder.Path, "tables"), inbox = Path.Combine(folder.Path, "inbox"), input = Path.Combine(folder.Path, "in");
        Directory.CreateDirectory(input);
        var store = new LocalObjectStore(tables);
        await Table.CreateAsync(store, JobBed.TableName, SmallIngest.Schema, SmallIngest.SplitPoints);
        var queue = new ObjectStoreQueue(inbox);
        for (int i = 0; i < Jobs; i++)
        {
            string file = Path.Combine(input, string.Create(CultureInfo.InvariantCulture, $"{i}.parquet"));
            await File.WriteAllBytesAsync(file, SmallDataFile.Write(SmallIngest.Schema, [.. SmallIngest.Rows($"{i}", RowsPerJob)]));
            string[] files = i % 10 == 9 ? [file, Path.Combine(input, "none.parquet")] : [file];
            await queue.SendAsync(new IngestJobMessage { Id = $"job-{i}", TableName = JobBed.TableName, Files = files }.ToJson());
        }

        string[] arguments = ["--tables", tables, "--inbox", inbox, "--spill", Path.Combine(folder.Path, "spill"), "--lease-ms", "1500"];
        var workers = new List<WorkerProcess>();
        try
        {
            for (int i = 0; i < Workers; i++)
            {
                workers.Add(WorkerProcess.Start("work-jobs", arguments));
            }

            await Task.WhenAll(workers.Select(w => w.ExpectLineAsync("ready")));
            for (int kill = 0; kill < Kills; kill++)
            {
                await UntilAsync(() => Task.FromResult(MessagesIn(inbox) <= Jobs - ((kill + 1) * Jobs / (Kills + 2))));
                await workers[0].KillAsync();
                await workers[0].DisposeAsync();
                workers.RemoveAt(0);
                workers.Add(WorkerProcess.Start("work-jobs", arguments));
            }

            await UntilAsync(() => Task.FromResult(MessagesIn(inbox) == 0));
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

        var copies = await SmallIngest.CopiesAsync(store, RowsPerJob, JobBed.TableName);
        Assert.Equal(Enumerable.Range(0, Jobs).Where(i => i % 10 != 9).Select(i => $"{i}").Order(), copies.Keys.Order());
        Assert.All(copies, c => Assert.Equal(1, c.Value));
        var reports = new JobReports(new ObjectStoreJobTracker(store));
        var jobs = await reports.ListAsync((await new ObjectStoreJobTables(store).FindAsync(null, JobBed.TableName))!.Id);
        Assert.Equal(Jobs, jobs.Count);
        Assert.All(jobs, j => Assert.Equal(int.Parse(j.JobId[4..], CultureInfo.InvariantCulture) % 10 == 9 ? JobState.Rejected : JobState.Finished, j.State));
        Assert.Equal(Jobs / 10, Directory.GetFiles(Path.Combine(inbox, "dead"), "*.json").Length);
        await NothingIsLeftAsync(store, folder.Path);
    }

    /// <summary>After maintenance nothing of the killed is left: no object, no unfinished file, no spill file.</summary>
    private static async Task NothingIsLeftAsync(LocalObjectStore store, string folder)
    {
        var table = await Table.OpenAsync(store, JobBed.TableName);
        await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = Path.Combine(folder, "spill") });
        Assert.DoesNotContain(
            await SmallIngest.StrayObjectsAsync(store, JobBed.TableName),
            p => p.StartsWith($"{JobBed.TableName}/data/", StringComparison.Ordinal) || p.StartsWith($"{JobBed.TableName}/ingests/", StringComparison.Ordinal));
        string spill = Path.Combine(folder, "spill");
        Assert.True(!Directory.Exists(spill) || !Directory.EnumerateFiles(spill, "*", SearchOption.AllDirectories).Any());
    }

    private static int MessagesIn(string inbox) => Directory.GetFiles(inbox, "*.json").Length;

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        for (int i = 0; !await isSo(); i++)
        {
            Assert.True(i < 3_000, "It did not happen in a minute.");
            await Task.Delay(20);
        }
    }
}
