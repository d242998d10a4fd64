using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>The machine loses power at every operation of the disk; what was told as committed is there afterwards, whole, and the table goes on.</summary>
public sealed class PowerLossTests
{
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
            using var table = await PowerLossTable.OpenAsync(disk, disk.Operations);
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
        using var after = await PowerLossTable.OpenAsync(disk, disk.Operations);
        var state = await after.StateStore.LoadStateAsync();
        foreach (var (id, result) in told)
        {
            foreach (var file in result.Files)
            {
                await PowerLossTable.RequireAsync(after, state, file.FileName, $"lost at {lostAt}: '{id}' was committed");
            }
        }

        for (int i = 0; i < 4; i++)
        {
            var again = await after.StateStore.FindCommitAsync($"id-{i}") ?? await IngestAsync(after, $"id-{i}");
            var now = await after.StateStore.LoadStateAsync();
            foreach (var file in again.Files)
            {
                await PowerLossTable.RequireAsync(after, now, file.FileName, $"lost at {lostAt}: 'id-{i}' was tried again");
            }
        }

        await after.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero });
        if ((await after.StateStore.LoadStateAsync()).References.Count != 8)
        {
            throw new LostRowsException($"lost at {lostAt}: the table has other files than those of its four ingests.");
        }

        return operations;
    }

    private static async Task<CommitResult> IngestAsync(OwnTable table, string id) =>
        await PowerLossTable.IngestAsync(table, await table.StateStore.BeginAttemptAsync(id));

    /// <summary>Code under test may wrap what it caught; without power, any error is one of the loss.</summary>
    private static bool IsLoss(Exception e) => e is PowerLostException or IngestException or IOException or AggregateException or OperationCanceledException;
}
