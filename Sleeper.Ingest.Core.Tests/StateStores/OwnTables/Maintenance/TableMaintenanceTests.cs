using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables.Maintenance;

/// <summary>Maintenance ends what is dead, removes what nobody owns, and touches nothing else.</summary>
public sealed class TableMaintenanceTests
{
    private static readonly TimeSpan OverGrace = TimeSpan.FromMinutes(61);
    private readonly MaintenanceBed _bed = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dead_attempt_is_ended_and_what_it_wrote_goes_then_its_intent()
    {
        using var table = await _bed.CreateAsync();
        await _bed.IngestAsync(table, "good");
        var (attempt, commit) = await _bed.WriteAsync(table, "dead");
        string[] good = [.. (await _bed.DataAsync()).Except(_bed.ObjectsOf(commit))];
        _bed.StoreClock.Advance(OverGrace);
        var report = await _bed.MaintainAsync();
        Assert.Equal(good, await _bed.DataAsync());
        Assert.Empty(await _bed.IntentsAsync());
        Assert.Equal(5, report.Done.Count);
        var refused = await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(attempt, commit, Token));
        Assert.Contains("ended", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await _bed.IngestAsync(table, "dead")).TransactionNumber);
        Assert.Equal(4, (await table.StateStore.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task An_attempt_that_was_heard_of_is_left_and_so_is_one_that_keeps_saying_so()
    {
        using var table = await _bed.CreateAsync();
        var (attempt, commit) = await _bed.WriteAsync(table, "slow");
        for (int i = 0; i < 5; i++)
        {
            _bed.StoreClock.Advance(TimeSpan.FromMinutes(59));
            await table.StateStore.KeepAliveAsync(attempt, Token);
            _bed.StoreClock.Advance(TimeSpan.FromMinutes(1));
            var report = await _bed.MaintainAsync();
            Assert.Empty(report.Done);
            Assert.Contains(report.Left, item => item.Kind == MaintenanceKind.Attempt && item.Reason.Contains("60 s ago", StringComparison.Ordinal));
        }

        Assert.Equal(1, (await table.StateStore.CommitAsync(attempt, commit, Token)).TransactionNumber);
        Assert.Equal(4, (await _bed.DataAsync()).Count);
    }

    [Fact]
    public async Task An_intent_that_stayed_after_its_commit_goes_alone()
    {
        using var table = await _bed.CreateAsync();
        var (attempt, commit) = await _bed.WriteAsync(table, "id");
        string intent = Assert.Single(await _bed.IntentsAsync());
        byte[] bytes = await TableFixture.ReadAsync(_bed.Store, intent);
        await table.StateStore.CommitAsync(attempt, commit, Token);
        await _bed.Store.PutAsync(intent, bytes, Token);
        _bed.StoreClock.Advance(OverGrace);
        var item = Assert.Single((await _bed.MaintainAsync()).Done);
        Assert.Equal((MaintenanceKind.Attempt, intent), (item.Kind, item.Name));
        Assert.Equal(4, (await _bed.DataAsync()).Count);
        Assert.Equal(1, (await table.StateStore.LoadStateAsync(Token)).TransactionNumber);
    }

    [Fact]
    public async Task Of_two_attempts_of_one_id_the_one_that_lost_and_died_goes_without_an_end()
    {
        using var table = await _bed.CreateAsync();
        var (_, dead) = await _bed.WriteAsync(table, "id");
        await _bed.IngestAsync(table, "id");
        _bed.StoreClock.Advance(OverGrace);
        await _bed.MaintainAsync();
        Assert.Empty((await _bed.DataAsync()).Intersect(_bed.ObjectsOf(dead)));
        Assert.Equal(4, (await _bed.DataAsync()).Count);
        Assert.Equal(1, (await table.StateStore.LoadStateAsync(Token)).TransactionNumber);
    }

    [Fact]
    public async Task Stray_objects_go_unless_they_are_young_owned_or_named_by_somebody_else()
    {
        using var table = await _bed.CreateAsync();
        await _bed.IngestAsync(table, "good");
        var (_, owned) = await _bed.WriteAsync(table, "alive", files: 1);
        string[] foreign = ["data/partition_p0/notes.txt", "data/x.parquet", "data/partition_p0/0123-0123456789abcdef-0.parquet"];
        string[] strays = [Stray(0, "parquet"), Stray(0, "sketches"), Stray(11, "parquet")];
        foreach (string path in foreign.Concat(strays))
        {
            await _bed.Store.PutAsync(_bed.Paths.InStore(path), "x"u8.ToArray(), Token);
        }

        _bed.StoreClock.Advance(OverGrace);
        string young = Stray(1, "parquet");
        await _bed.Store.PutAsync(_bed.Paths.InStore(young), "x"u8.ToArray(), Token);
        var report = await _bed.MaintainAsync(new MaintenanceOptions { EndDeadAttempts = false });
        var data = await _bed.DataAsync();
        Assert.Equal(strays.Select(_bed.Paths.InStore).Order(), report.Done.Where(i => i.Kind == MaintenanceKind.DataObject).Select(i => i.Name).Order());
        Assert.Empty(data.Intersect(strays.Select(_bed.Paths.InStore)));
        Assert.Equal(4 + 2 + foreign.Length + 1, data.Count);
        foreach (string left in foreign.Append(young).Select(_bed.Paths.InStore).Concat(_bed.ObjectsOf(owned)))
        {
            Assert.Contains(report.Left, item => item.Name == left);
        }

        static string Stray(int number, string ending) => $"data/partition_p0/{new string('a', 32)}-0123456789abcdef-{number}.{ending}";
    }

    [Fact]
    public async Task What_an_ended_attempt_writes_afterwards_goes_at_the_next_maintenance()
    {
        using var table = await _bed.CreateAsync();
        var (_, commit) = await _bed.WriteAsync(table, "zombie");
        _bed.StoreClock.Advance(OverGrace);
        await _bed.MaintainAsync();
        Assert.Empty(await _bed.DataAsync());
        await _bed.Store.PutAsync(_bed.ObjectsOf(commit).First(), "late"u8.ToArray(), Token);
        _bed.StoreClock.Advance(OverGrace);
        await _bed.MaintainAsync();
        Assert.Empty(await _bed.DataAsync());
    }

    [Fact]
    public async Task A_dry_run_changes_no_byte_and_says_what_a_run_does()
    {
        using var table = await _bed.CreateAsync();
        for (int i = 0; i < 9; i++)
        {
            await _bed.IngestAsync(table, $"id-{i}");
        }

        await _bed.WriteAsync(table, "dead");
        _bed.StoreClock.Advance(TimeSpan.FromDays(100));
        var clock = new ManualClock(_bed.StoreClock.GetUtcNow());
        var before = await _bed.ContentsAsync();
        var dry = await _bed.MaintainAsync(new MaintenanceOptions { DryRun = true }, clock: clock);
        Assert.Equal(before, await _bed.ContentsAsync());
        var run = await _bed.MaintainAsync(clock: clock);
        Assert.True(dry.IsDryRun);
        Assert.Equal(run.Done, dry.Done);
        Assert.Equal(run.Left, dry.Left);
        Assert.Superset(
            new HashSet<MaintenanceKind> { MaintenanceKind.Attempt, MaintenanceKind.DataObject, MaintenanceKind.Ledger, MaintenanceKind.LogEntries },
            run.Done.Select(i => i.Kind).ToHashSet());
        Assert.Equal(18, (await table.StateStore.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task The_ledger_forgets_by_the_stores_time_and_never_an_id_that_has_an_intent()
    {
        using var table = await _bed.CreateAsync();
        await _bed.IngestAsync(table, "a");
        var (sleeper, sleeping) = await _bed.WriteAsync(table, "kept");
        await _bed.IngestAsync(table, "kept");
        await _bed.IngestAsync(table, "c");
        _bed.StoreClock.Advance(TimeSpan.FromDays(89));
        await _bed.IngestAsync(table, "d");

        // The maintainer's clock is years ahead: it plays no part.
        await _bed.MaintainAsync(new MaintenanceOptions { EndDeadAttempts = false }, clock: new ManualClock(DateTimeOffset.MaxValue - TimeSpan.FromDays(1)));
        Assert.Equal(0, (await table.StateStore.ResolveAsync("a", Token)).KnownFrom);
        _bed.StoreClock.Advance(TimeSpan.FromDays(2));
        var report = await _bed.MaintainAsync(new MaintenanceOptions { EndDeadAttempts = false, TrimLog = false });
        Assert.Contains(report.Done, i => i is { Kind: MaintenanceKind.Ledger, Name: "2" });
        var forgotten = await table.StateStore.ResolveAsync("a", Token);
        Assert.Equal((2L, null), (forgotten.KnownFrom, forgotten.Committed));
        Assert.NotNull((await table.StateStore.ResolveAsync("kept", Token)).Committed);
        Assert.True((await table.StateStore.CommitAsync(sleeper, sleeping, Token)).AlreadyCommitted);
        await table.StateStore.AbandonAsync(sleeper, Token);

        // Without the intent it goes too. An attempt from before cannot commit any more.
        var (late, commit) = await _bed.WriteAsync(table, "late");
        await _bed.MaintainAsync(new MaintenanceOptions { TrimLog = false, KeepLedger = TimeSpan.FromDays(50) });
        Assert.Null(await table.StateStore.FindCommitAsync("kept", Token));
        Assert.NotNull(await table.StateStore.FindCommitAsync("d", Token));
        _bed.StoreClock.Advance(TimeSpan.FromDays(200));
        await _bed.IngestAsync(table, "e");
        await _bed.MaintainAsync(new MaintenanceOptions { EndDeadAttempts = false, TrimLog = false });
        var refused = await Assert.ThrowsAsync<CommitFailedException>(() => table.StateStore.CommitAsync(late, commit, Token));
        Assert.Contains("forgotten", refused.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await table.StateStore.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task Nothing_old_nothing_done_and_no_entry_for_it()
    {
        using var table = await _bed.CreateAsync();
        await _bed.IngestAsync(table, "a");
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty((await _bed.MaintainAsync()).Done);
        }

        Assert.Equal(1, (await table.StateStore.LoadStateAsync(Token)).TransactionNumber);
    }

    [Fact]
    public async Task An_intent_that_cannot_be_read_is_left_and_named()
    {
        using var table = await _bed.CreateAsync();
        var (_, _) = await _bed.WriteAsync(table, "id");
        string intent = Assert.Single(await _bed.IntentsAsync());
        string text = System.Text.Encoding.UTF8.GetString(await TableFixture.ReadAsync(_bed.Store, intent));
        string[] spoilt = ["", "{}", text[..^3], text.Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal), text.Replace("\"ingest\":\"id\"", "\"ingest\":\"other\"", StringComparison.Ordinal)];
        foreach (string bad in spoilt)
        {
            await _bed.Store.PutAsync(intent, System.Text.Encoding.UTF8.GetBytes(bad), Token);
            _bed.StoreClock.Advance(OverGrace);
            var report = await _bed.MaintainAsync();
            Assert.Empty(report.Done);
            Assert.Contains(report.Left, item => item.Name == intent);
            Assert.Equal(4, (await _bed.DataAsync()).Count);
        }
    }

    [Fact]
    public async Task The_ledger_does_not_move_while_an_intent_cannot_be_read()
    {
        using var table = await _bed.CreateAsync();
        await _bed.IngestAsync(table, "a");
        await _bed.WriteAsync(table, "b");
        string intent = Assert.Single(await _bed.IntentsAsync());
        await _bed.Store.PutAsync(intent, "{}"u8.ToArray(), Token);
        _bed.StoreClock.Advance(TimeSpan.FromDays(100));
        var report = await _bed.MaintainAsync();
        Assert.Contains(report.Left, i => i.Kind == MaintenanceKind.Ledger);
        Assert.NotNull(await table.StateStore.FindCommitAsync("a", Token));
        await _bed.Store.DeleteAsync(intent, Token);
        Assert.Contains((await _bed.MaintainAsync()).Done, i => i.Kind == MaintenanceKind.Ledger);
    }

    public static TheoryData<int, bool> Faults => [.. Enumerable.Range(1, 70).SelectMany(n => new[] { (n, true), (n, false) })];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_call_fails_nothing_is_lost_and_the_next_run_finishes(int failing, bool before)
    {
        using var table = await _bed.CreateAsync();
        for (int i = 0; i < 13; i++)
        {
            await _bed.IngestAsync(table, $"id-{i}");
        }

        await _bed.WriteAsync(table, "dead");
        var (_, lost) = await _bed.WriteAsync(table, "id-3");
        _bed.StoreClock.Advance(OverGrace);
        var state = await StateAsync(table);
        int calls = int.MinValue;
        var store = new ScriptedObjectStore(_bed.Store);
        using (var maintained = await _bed.OpenAsync(9, store))
        {
            calls = 0;
            store.Fault = (verb, _) => ++calls != failing ? ScriptedFault.None
                : before || verb is not ("put" or "put-if-absent" or "delete") ? ScriptedFault.Before : ScriptedFault.After;
            try
            {
                await maintained.MaintainAsync(new MaintenanceOptions(), Token);
            }
            catch (IOException)
            {
            }
        }

        Assert.Equal(state, await StateAsync(table));
        _bed.StoreClock.Advance(OverGrace);
        await _bed.MaintainAsync();
        var second = await _bed.MaintainAsync();
        Assert.Empty(second.Done);
        Assert.Empty(second.Left);
        Assert.Equal(state, await StateAsync(table));
        Assert.Equal(13 * 4, (await _bed.DataAsync()).Count);
        Assert.Empty(await _bed.IntentsAsync());
        using var fresh = await _bed.OpenAsync(11);
        Assert.Equal(state, await StateAsync(fresh));
    }

    [Fact]
    public async Task Maintainers_at_once_agree()
    {
        using var table = await _bed.CreateAsync();
        for (int i = 0; i < 13; i++)
        {
            await _bed.IngestAsync(table, $"id-{i}");
            await _bed.WriteAsync(table, $"dead-{i}");
        }

        _bed.StoreClock.Advance(TimeSpan.FromDays(91));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => _bed.MaintainAsync())));
        Assert.Equal(13 * 4, (await _bed.DataAsync()).Count);
        Assert.Empty(await _bed.IntentsAsync());
        Assert.Equal(26, (await table.StateStore.LoadStateAsync(Token)).References.Count);
        Assert.Null(await table.StateStore.FindCommitAsync("id-1", Token));
    }

    private static async Task<string> StateAsync(OwnTable table) =>
        string.Concat((await table.StateStore.LoadStateAsync(Token)).References.Select(r => $"{r}\n"));
}
