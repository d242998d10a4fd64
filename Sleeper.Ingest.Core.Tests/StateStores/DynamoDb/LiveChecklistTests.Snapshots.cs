using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <content>Items 34, 35, 37 and 38; 32, 33 and 36 are about the file alone.</content>
public sealed partial class LiveChecklistTests
{
    [Theory]
    [InlineData("flights")]
    [InlineData("orders")]
    [InlineData("events")]
    [InlineData("bulky")]
    public async Task Item_34_a_snapshot_and_the_entries_after_it_are_the_state_of_all_entries(string name)
    {
        var whole = await LiveTableDump.LoadAsync("03-lived-in", name);
        var trimmed = await LiveTableDump.LoadAsync("04-snapshotted", name);
        using var all = whole.Open();
        var (expected, number) = await all.LoadFilesAsync(Token);
        trimmed.DynamoDb.Remove(trimmed.Identity.FilesLog, i => long.Parse((string)i["TRANSACTION_NUMBER"]!["N"]!) > number);
        Assert.True(trimmed.DynamoDb.Items(trimmed.Identity.FilesLog).All(i => (string?)i["TRANSACTION_NUMBER"]!["N"] != "1"));
        using var some = trimmed.Open();
        var (found, sameNumber) = await some.LoadFilesAsync(Token);
        Assert.Equal(number, sameNumber);
        Assert.Equal(Lines(expected), Lines(found));
        Assert.Equal((await all.LoadPartitionsAsync(Token)).All.OrderBy(p => p.Id), (await some.LoadPartitionsAsync(Token)).All.OrderBy(p => p.Id));

        static IEnumerable<string> Lines(FilesState state) => state.Files.OrderBy(f => f.Name, StringComparer.Ordinal).Select(
            f => $"{f.Name} {f.UpdateTime} {string.Join(' ', f.References.Values.OrderBy(r => r.PartitionId, StringComparer.Ordinal))}");
    }

    [Fact]
    public async Task Item_35_a_first_load_takes_any_snapshot_and_later_ones_only_those_far_enough_ahead_and_not_too_often()
    {
        var table = await LiveTable.CreateAsync();
        var clock = new ManualClock();
        await PutSnapshotAsync(table, 1, "files-unreferenced-only");
        using var reader = table.Open(time: clock);
        Assert.Equal((1, 1L), await LoadAsync());

        // Nine ahead is not far enough, ten is; and neither is looked for within a minute.
        await PutSnapshotAsync(table, 10, "files-three");
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((1, 1L), await LoadAsync());
        await PutSnapshotAsync(table, 11, "files-three");
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((1, 1L), await LoadAsync());
        Assert.Equal(2, Looks());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((3, 11L), await LoadAsync());
        Assert.Equal(3, Looks());

        async Task<(int, long)> LoadAsync() => await reader.LoadFilesAsync(Token) is var (state, number) ? (state.Count, number) : default;
        int Looks() => table.DynamoDb.Calls.Count(c => (string?)c.Request["TableName"] == LiveTable.LatestSnapshots);
    }

    [Fact]
    public async Task Item_35_reads_look_at_the_log_again_only_after_the_time_that_is_set_and_commits_always()
    {
        var table = await LiveTable.CreateAsync();
        var clock = new ManualClock();
        using var store = table.Open(time: clock, settings: new LiveStoreSettings { TimeBetweenLogChecks = TimeSpan.FromMilliseconds(100) });
        Assert.Empty((await store.LoadStateAsync(Token)).References);
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", OtherFile(1));
        Assert.Empty((await store.LoadStateAsync(Token)).References);
        Assert.Equal(2, (await table.CommitAsync(store, "id")).TransactionNumber);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, (await store.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task Item_37_a_table_whose_class_makes_no_use_of_snapshots_is_read_without_them()
    {
        var table = await LiveTable.CreateAsync();
        await PutSnapshotAsync(table, 1, "files-three");
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", OtherFile(1));
        table.Identity = table.Identity with { LatestSnapshots = null };
        using var store = table.Open();
        Assert.Single((await store.LoadStateAsync(Token)).References);
        await table.CommitAsync(store, "id");
        Assert.DoesNotContain(table.DynamoDb.Calls, c => (string?)c.Request["TableName"] == LiveTable.LatestSnapshots);

        // Java's readers would take what is left of a trimmed log for the whole.
        table.DynamoDb.Remove(LiveTable.FilesLog, i => (string?)i["TRANSACTION_NUMBER"]!["N"] == "1");
        using var late = table.Open(2);
        Assert.Contains("must not be trimmed", (await Assert.ThrowsAsync<Core.StateStores.TableDamagedException>(() => late.LoadStateAsync(Token))).Message);
    }

    [Fact]
    public async Task Item_38_snapshots_are_never_written()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        for (int i = 0; i < 30; i++)
        {
            await table.CommitAsync(store, $"id-{i}");
        }

        await CommitOfLengthAsync(table, store, LiveBodies.MinObjectLength);
        await store.LoadStateAsync(Token);
        Assert.All(table.DynamoDb.Calls.Where(c => (string?)c.Request["TableName"] == LiveTable.LatestSnapshots), c => Assert.Equal("Query", c.Operation));
        Assert.Empty(await TableFixture.ObjectsAsync(table.Bucket, $"{LiveTable.TableId}/statestore/snapshots/"));
        Assert.Equal([LiveTable.FilesLog], Puts(table).Select(p => (string?)p.Request["TableName"]).Distinct());
    }

    private static async Task PutSnapshotAsync(LiveTable table, long number, string fixture)
    {
        string key = $"{LiveTable.TableId}/statestore/snapshots/{number}-files.arrow";
        await table.Bucket.PutAsync(key, new SnapshotFixture(fixture).Bytes, Token);
        table.DynamoDb.Put(LiveTable.LatestSnapshots, new JsonObject
        {
            ["TABLE_ID"] = new JsonObject { ["S"] = LiveTable.TableId },
            ["FILES_SNAPSHOT_PATH"] = new JsonObject { ["S"] = LiveTable.Root + key },
            ["FILES_TRANSACTION_NUMBER"] = new JsonObject { ["N"] = $"{number}" },
            ["UPDATE_TIME"] = new JsonObject { ["N"] = "1767323010000" },
        });
    }
}
