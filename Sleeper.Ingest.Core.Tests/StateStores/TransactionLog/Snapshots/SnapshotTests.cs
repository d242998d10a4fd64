using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

/// <summary>Writers put snapshots on their way; a table opens from the newest, whatever became of the hint.</summary>
public sealed class SnapshotTests
{
    private const int Interval = 4;
    private readonly InMemoryObjectStore _memory = new();
    private readonly TablePaths _paths = new(Name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_owner_of_every_fourth_entry_puts_a_snapshot()
    {
        using var table = await MakeAsync(commits: 0);
        using var other = await OpenAsync(_memory, 9);
        for (int i = 1; i <= 9; i++)
        {
            await CommitAsync(i % 2 == 0 ? table.StateStore : other.StateStore, $"id-{i}");
        }

        Assert.Equal(
            ["latest", $"{4:D20}/files.jsonl", $"{4:D20}/head.jsonl", $"{8:D20}/files.jsonl", $"{8:D20}/head.jsonl"],
            (await ObjectsAsync(_memory, _paths.AllSnapshots)).Select(p => p[_paths.AllSnapshots.Length..]).OrderBy(p => p.StartsWith('l') ? 0 : 1));
        Assert.Equal(await ReadAsync(_memory, _paths.SnapshotHint), await ReadAsync(_memory, _paths.Snapshot(8, SnapshotPart.Head)));
    }

    [Fact]
    public async Task Opening_with_a_snapshot_costs_five_requests_and_reading_the_state_three_more_whatever_came_before()
    {
        (await MakeAsync(commits: 42)).Dispose();
        var counted = new ScriptedObjectStore(_memory);
        using var opened = await OpenAsync(counted, 2);
        const int Tail = 2;
        Assert.True(counted.Calls.Count <= 5 + Tail, string.Join('\n', counted.Calls));
        int before = counted.Calls.Count;
        Assert.Equal(42, (await opened.StateStore.LoadStateAsync(Token)).References.Count);
        Assert.True(counted.Calls.Count - before <= 3 + Tail, string.Join('\n', counted.Calls.Skip(before)));
    }

    [Fact]
    public async Task A_commit_without_contention_costs_one_log_put_one_intent_put_and_one_delete()
    {
        (await MakeAsync(commits: 41)).Dispose();
        var counted = new ScriptedObjectStore(_memory);
        using var opened = await OpenAsync(counted, 2);
        int before = counted.Calls.Count;
        await CommitAsync(opened.StateStore, "new");
        Assert.Equal(["open", "put", "put-if-absent", "delete"], Requests(before));

        // What others put is made durable once, by a barrier: that is no request to a bucket. On its own entries the store need not do it.
        Assert.Equal(2, counted.Calls.Count(c => c.StartsWith("barrier", StringComparison.Ordinal)));
        before = counted.Calls.Count;
        await CommitAsync(opened.StateStore, "newer");
        Assert.Equal(["open", "put", "put-if-absent", "delete"], counted.Calls.Skip(before).Select(Verb));

        IEnumerable<string> Requests(int from) => counted.Calls.Skip(from).Select(Verb).Where(v => v is not ("barrier" or "flush"));

        static string Verb(string call) => call.Split(' ')[0];
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("torn")]
    [InlineData("of another table")]
    [InlineData("old")]
    public async Task A_hint_that_is_no_good_costs_three_requests_more_at_most(string kind)
    {
        (await MakeAsync(commits: 42)).Dispose();
        byte[] hint = await ReadAsync(_memory, _paths.SnapshotHint);
        byte[] spoilt = kind switch
        {
            "torn" => hint[..^20],
            "of another table" => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(hint).Replace("\"table\":\"", "\"table\":\"x", StringComparison.Ordinal)),
            _ => await ReadAsync(_memory, _paths.Snapshot(4, SnapshotPart.Head)),
        };
        await (kind == "missing" ? _memory.DeleteAsync(_paths.SnapshotHint, Token) : _memory.PutAsync(_paths.SnapshotHint, spoilt, Token));
        var counted = new ScriptedObjectStore(_memory);
        using var opened = await OwnTable.OpenAsync(counted, Name, Options(3) with { SnapshotInterval = Interval }, null, Token);
        Assert.True(counted.Calls.Count <= 8 + 2, string.Join('\n', counted.Calls));
        Assert.Equal((42L, 42), ((await opened.StateStore.LoadStateAsync(Token)).TransactionNumber, (await opened.StateStore.LoadStateAsync(Token)).References.Count));
        Assert.NotNull(await opened.StateStore.FindCommitAsync("id-1", Token));
        Assert.Null(await opened.StateStore.FindCommitAsync("id-99", Token));
    }

    [Fact]
    public async Task Ledger_ends_and_history_are_those_of_the_log()
    {
        using (var table = await MakeAsync(commits: 3))
        {
            var attempt = await table.StateStore.BeginAttemptAsync("slow", Token);
            Assert.Null((await table.StateStore.ResolveAsync("slow", Token)).Committed);
            for (int i = 0; i < 150; i++)
            {
                await CommitAsync(table.StateStore, $"more-{i}", rows: i + 1);
            }

            using var opened = await OpenAsync(_memory, 2);
            await Assert.ThrowsAsync<CommitFailedException>(() => opened.StateStore.CommitAsync(attempt, Commit(attempt), Token));
            var again = await opened.StateStore.FindCommitAsync("more-7", Token);
            Assert.Equal((12L, 8L), (again!.TransactionNumber, again.RowCount));
            var recent = (await opened.StateStore.LoadStateAsync(Token)).RecentCommits;
            Assert.Equal(Enumerable.Range(0, 100).Select(i => 154L - i), recent.Select(c => c.TransactionNumber));
            Assert.Equal("more-149", recent[0].IngestId);
        }
    }

    [Fact]
    public async Task A_damaged_snapshot_is_named()
    {
        (await MakeAsync(commits: 5)).Dispose();
        await _memory.DeleteAsync(_paths.SnapshotHint, Token);
        foreach (var part in (SnapshotPart[])[SnapshotPart.Files, SnapshotPart.Head])
        {
            string path = _paths.Snapshot(4, part);
            byte[] bytes = await ReadAsync(_memory, path);
            for (int i = 0; i < bytes.Length; i += 7)
            {
                byte[] changed = [.. bytes];
                changed[i] ^= 0x04;
                await _memory.PutAsync(path, changed, Token);
                Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(LoadAsync)).ObjectName);
            }

            await _memory.PutAsync(path, bytes.AsMemory(0, bytes.Length - 1), Token);
            Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(LoadAsync)).ObjectName);
            await _memory.PutAsync(path, (byte[])[.. bytes, (byte)'\n'], Token);
            Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(LoadAsync)).ObjectName);
            await _memory.PutAsync(path, bytes, Token);
            await LoadAsync();
        }
    }

    [Fact]
    public async Task A_snapshot_of_the_future_is_refused_by_name()
    {
        (await MakeAsync(commits: 5)).Dispose();
        foreach (string path in (string[])[_paths.SnapshotHint, _paths.Snapshot(4, SnapshotPart.Head)])
        {
            string text = Encoding.UTF8.GetString(await ReadAsync(_memory, path));
            await _memory.PutAsync(path, Encoding.UTF8.GetBytes(text.Replace("{\"format\":1", "{\"format\":2", StringComparison.Ordinal)), Token);
            Assert.Contains("format 2", (await Assert.ThrowsAsync<UnsupportedTableException>(LoadAsync)).Message, StringComparison.Ordinal);
            await _memory.DeleteAsync(_paths.SnapshotHint, Token);
        }
    }

    [Fact]
    public async Task A_log_that_ends_before_its_snapshot_is_damaged()
    {
        (await MakeAsync(commits: 4)).Dispose();
        await _memory.DeleteAsync(_paths.LogEntry(LogKind.Files, 4), Token);
        Assert.Contains(_paths.LogEntry(LogKind.Files, 4), (await Assert.ThrowsAsync<TableDamagedException>(LoadAsync)).ObjectName);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_snapshot_that_cannot_be_written_does_not_touch_its_commit(int failing)
    {
        using (await MakeAsync(commits: 3))
        {
        }

        var complaints = new List<string>();
        int calls = 0;
        var store = new ScriptedObjectStore(_memory)
        {
            Fault = (verb, path) => path.StartsWith(_paths.AllSnapshots, StringComparison.Ordinal) && verb != "flush" && ++calls == failing
                ? ScriptedFault.Before
                : ScriptedFault.None,
        };
        calls = int.MinValue;
        using var table = await OwnTable.OpenAsync(
            store, Name, Options(4) with { SnapshotInterval = Interval, CleanUpFailed = (what, _) => complaints.Add(what) }, null, Token);
        calls = 0;
        for (int i = 0; i < 12; i++)
        {
            Assert.False((await CommitAsync(table.StateStore, $"new-{i}")).AlreadyCommitted);
        }

        Assert.NotEmpty(complaints);
        using var opened = await OpenAsync(_memory, 5);
        Assert.Equal(15, (await opened.StateStore.LoadStateAsync(Token)).References.Count);
    }

    private async Task<OwnTable> MakeAsync(int commits)
    {
        var table = await CreateAsync(_memory, Options() with { SnapshotInterval = Interval });
        for (int i = 1; i <= commits; i++)
        {
            await CommitAsync(table.StateStore, $"id-{i}");
        }

        return table;
    }

    private async Task LoadAsync()
    {
        using var opened = await OpenAsync(_memory, 5);
        await opened.StateStore.LoadStateAsync(Token);
    }

    private static Task<OwnTable> OpenAsync(IObjectStore store, int seed) =>
        OwnTable.OpenAsync(store, Name, Options(seed) with { SnapshotInterval = Interval }, null, Token);
}
