using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>The machine loses power at every operation of the disk; what was told as committed is there afterwards, whole, and the table goes on.</summary>
public sealed class PowerLossTests
{
    private static readonly byte[] Rows = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("a row of the batch\n", 60)));

    [Fact]
    public async Task Nothing_that_was_called_committed_is_lost_at_any_loss_of_power()
    {
        int states = 0;
        for (int seed = 0; seed < 4; seed++)
        {
            int operations = await RunAsync(new PowerLossDisk(new Random(seed)), int.MaxValue);
            for (int lostAt = 1; lostAt <= operations; lostAt++)
            {
                await RunAsync(new PowerLossDisk(new Random((seed * 7919) + lostAt)), lostAt);
                states++;
            }
        }

        Assert.True(states > 400, $"{states} losses of power.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_the_syncs_of_files_or_of_folders_something_is_lost(bool files)
    {
        for (int seed = 0; seed < 300; seed++)
        {
            try
            {
                await RunAsync(new PowerLossDisk(new Random(seed)) { IgnoresFileSyncs = files, IgnoresFolderSyncs = !files }, 20 + seed);
            }
            catch (Exception e) when (e is TableDamagedException or TableNotFoundException or LostRowsException or IngestException)
            {
                return;
            }
        }

        Assert.Fail("300 losses of power without the syncs, and nobody noticed.");
    }

    private static async Task<int> RunAsync(PowerLossDisk disk, int lostAt)
    {
        disk.LostAt = lostAt;
        var told = new Dictionary<string, CommitResult>();
        try
        {
            using var table = await OpenAsync(disk);
            for (int i = 0; i < 4; i++)
            {
                told[$"id-{i}"] = await IngestAsync(table, $"id-{i}");
                if (i == 2)
                {
                    await table.MaintainAsync(new MaintenanceOptions());
                }
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
        }

        int operations = disk.Operations;
        disk.LosePower();
        using var after = await OpenAsync(disk);
        var state = await after.StateStore.LoadStateAsync();
        foreach (var (id, result) in told)
        {
            foreach (var file in result.Files)
            {
                await RequireAsync(after, state, file, $"lost at {lostAt}: '{id}'");
            }
        }

        for (int i = 0; i < 4; i++)
        {
            var again = await after.StateStore.FindCommitAsync($"id-{i}") ?? await IngestAsync(after, $"id-{i}");
            var now = await after.StateStore.LoadStateAsync();
            foreach (var file in again.Files)
            {
                await RequireAsync(after, now, file, $"lost at {lostAt}, tried again: 'id-{i}'");
            }
        }

        await after.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero });
        if ((await after.StateStore.LoadStateAsync()).References.Count != 8)
        {
            throw new LostRowsException($"lost at {lostAt}: the table has other files than those of its four ingests.");
        }

        return operations;
    }

    private static async Task RequireAsync(OwnTable table, TableState state, DataFile file, string what)
    {
        var bytes = await SmallObjects.ReadAsync(table.Store, table.Paths.InStore(file.FileName), default);
        if (!state.References.Any(r => r.FileName == file.FileName) || bytes is null || !bytes.Value.Span.SequenceEqual(Rows))
        {
            throw new LostRowsException($"{what} was committed, and '{file.FileName}' is not there or not whole.");
        }
    }

    private static async Task<CommitResult> IngestAsync(OwnTable table, string id)
    {
        var attempt = await table.StateStore.BeginAttemptAsync(id);
        var objects = new List<string>();
        var files = new List<DataFile>();
        await using var barrier = await table.Store.OpenBarrierAsync();
        foreach (string partition in (string[])["p0", "p1"])
        {
            string name = TablePaths.DataFile(partition, attempt.FileNamePrefix, 0);
            objects.Add(table.Paths.InStore(name));
            await using var writer = await table.Store.CreateAsync(objects[^1]);
            await writer.AppendAsync(Rows);
            await writer.CompleteAsync();
            files.Add(new DataFile(name, Rows.Length, [new FileReference(name, partition, 60)]));
        }

        var outcome = await new FileCommitter(table.StateStore, table.Store).CommitAsync(attempt, new IngestCommit(files, 120, 1), objects, barrier, default);
        return outcome.Result!;
    }

    private static Task<OwnTable> OpenAsync(PowerLossDisk disk) => OwnTable.CreateOrOpenAsync(
        new LocalObjectStore("/store", new LocalObjectStoreOptions { Scheduler = new InlineScheduler() }, disk),
        TableFixture.Name,
        TableFixture.TableSchema,
        TableFixture.Tree("m"),
        TableFixture.Options(disk.Operations) with { SnapshotInterval = 2 });

    /// <summary>Code under test may wrap what it caught; without power, any error is one of the loss.</summary>
    private static bool IsLoss(Exception e) => e is PowerLostException or IngestException or IOException or AggregateException or OperationCanceledException;

    private sealed class LostRowsException(string message) : Exception(message);

    private sealed class InlineScheduler : TaskScheduler
    {
        protected override void QueueTask(Task task) => TryExecuteTask(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
