using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>What ingests that died left in an instance's data bucket is found by its age, and removed only where that is asked for.</summary>
public sealed class LiveStraysTests
{
    private static readonly MaintenanceOptions Old = new() { InstanceStraysOlderThan = TimeSpan.FromDays(2) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_of_a_dead_attempt_are_removed_when_they_are_old_and_no_others()
    {
        var place = InProcessInstance.Load("04-snapshotted");
        using var instance = await place.OpenAsync();
        var table = await Table.OpenAsync(instance, "orders", Token);
        await LiveInstanceTests.IngestAsync(instance, "orders", LiveRows.Make(table.Schema, 30, seed: 2));
        var before = await LiveRows.ReadAsync(table.ReadAsync(Token));
        var keys = place.S3.Keys(InProcessInstance.DataBucket);
        string folder = keys.First(k => k.Contains("/data/partition_", StringComparison.Ordinal));
        folder = folder[..(folder.LastIndexOf('/') + 1)];
        string[] strays = [.. from n in Enumerable.Range(0, 2) from ending in (string[])["parquet", "sketches"] select $"{folder}{new string('a', 32)}-{new string('b', 16)}-{n}.{ending}"];
        string theirs = $"{folder}0f0f0f0f-0000-4000-8000-0000000000ff.parquet";
        foreach (string key in (string[])[.. strays, theirs])
        {
            place.S3.Put(InProcessInstance.DataBucket, key, [1]);
        }

        Assert.Empty((await MaintainAsync(instance, Old, TimeSpan.FromDays(1))).Done);
        Assert.Empty((await MaintainAsync(instance, new MaintenanceOptions(), TimeSpan.FromDays(100))).Done);
        var dry = await MaintainAsync(instance, Old with { DryRun = true }, TimeSpan.FromDays(3));
        Assert.Equal(strays, dry.Done.Select(d => d.Name).Order(StringComparer.Ordinal));
        Assert.Equal(keys.Concat(strays).Append(theirs).Order(StringComparer.Ordinal), place.S3.Keys(InProcessInstance.DataBucket).Order(StringComparer.Ordinal));

        var report = await MaintainAsync(instance, Old, TimeSpan.FromDays(3));
        Assert.Equal(strays, report.Done.Select(d => d.Name).Order(StringComparer.Ordinal));
        Assert.Equal(keys.Append(theirs).Order(StringComparer.Ordinal), place.S3.Keys(InProcessInstance.DataBucket).Order(StringComparer.Ordinal));
        Assert.Equal(before, await LiveRows.ReadAsync(table.ReadAsync(Token)));
    }

    /// <summary>A repeated message of the commit queue can bring two attempts of one ingest into the log: files of both are the table's.</summary>
    [Fact]
    public async Task Every_attempt_that_is_in_the_log_keeps_its_files_also_of_an_ingest_that_is_there_twice_or_comes_in_between()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var names = new List<string>();
        for (long number = 1; number <= 2; number++)
        {
            var attempt = await store.BeginAttemptAsync("id", Token);
            string name = table.Commit(attempt).Files[0].FileName;
            names.Add(LiveTablePaths.KeyOf(name));
            table.PutOutside(
                LiveTable.FilesLog, number, "ADD_FILES", $$"""{"files":[{"filename":"{{name}}","references":[{"partitionId":"p0","numberOfRows":1}]}]}""");
        }

        var late = await store.BeginAttemptAsync("late", Token);
        var dead = await store.BeginAttemptAsync("dead", Token);
        names.Add(LiveTablePaths.KeyOf(table.Commit(late).Files[0].FileName));
        string stray = LiveTablePaths.KeyOf(table.Commit(dead).Files[0].FileName);

        // One whose message may still be in the queue.
        var queued = await store.BeginAttemptAsync("queued", Token);
        string waiting = LiveTablePaths.KeyOf(table.Commit(queued).Files[0].FileName);
        string claim = table.Paths.Claim(queued.FileNamePrefix.Split('-')[0], 1);
        foreach (string name in (string[])[.. names, stray, waiting, claim])
        {
            await table.Bucket.PutAsync(name, new byte[1], Token);
        }

        // Between the listing and the look at the log another one commits.
        var bucket = new ScriptedObjectStore(table.Bucket);
        using var other = table.Open(2);
        bucket.Fault = (verb, _) =>
        {
            if (verb == "list" && table.Numbers().Count == 2)
            {
                store.CommitAsync(late, table.Commit(late), Token).GetAwaiter().GetResult();
            }

            return ScriptedFault.None;
        };
        var report = await new LiveStrays(bucket, other, Old, new FarClock()).RunAsync(Token);

        Assert.Equal([stray], report.Done.Select(d => d.Name));
        Assert.Equal(waiting, Assert.Single(report.Left).Name);
        Assert.Equal([.. names.Append(waiting).Append(claim).Order(StringComparer.Ordinal)], await TableFixture.ObjectsAsync(table.Bucket));
    }

    [Fact]
    public async Task What_could_be_of_a_running_ingest_is_not_asked_for()
    {
        var place = InProcessInstance.Load("04-snapshotted");
        using var instance = await place.OpenAsync();
        var table = await Table.OpenAsync(instance, "orders", Token);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => table.MaintainAsync(new MaintenanceOptions { InstanceStraysOlderThan = TimeSpan.FromHours(23) }, Token));
        Assert.Contains("running ingest", error.Message, StringComparison.Ordinal);
    }

    private static async Task<MaintenanceReport> MaintainAsync(Core.StateStores.DynamoDb.Instances.SleeperInstance instance, MaintenanceOptions what, TimeSpan later)
    {
        using var table = await instance.OpenTableAsync("orders", TableFixture.Options(3, new FarClock { Later = later }), null, Token);
        return await table.ToOpenTable().MaintainAsync!(what, Token);
    }

    private sealed class FarClock : TimeProvider
    {
        public TimeSpan Later { get; init; } = TimeSpan.FromDays(10);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Later;
    }
}
