using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

/// <summary>Old entries lose their bodies, never their places; and only what a verified snapshot has is taken from them.</summary>
public sealed class LogTrimmerTests
{
    private const int Interval = 4;
    private readonly InMemoryObjectStore _memory = new();
    private readonly TablePaths _paths = new(Name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Trimming_keeps_two_snapshots_and_every_entry_its_place()
    {
        await MakeAsync(18);
        var before = await StateAsync();
        var result = await TrimAsync();
        Assert.Equal((12L, 12, 2), (result.Boundary, result.Entries.Count, result.Snapshots.Count));
        Assert.Equal([12L, 16L], await SnapshotsAsync());
        for (int number = 1; number <= 18; number++)
        {
            var entry = EntryFormat.Read(await ReadAsync(_memory, _paths.LogEntry(LogKind.Files, number)), "entry");
            Assert.Equal((number, number <= 12), (entry.Number, entry.IsTrimmed));
        }

        Assert.Equal(before, await StateAsync());
        using var opened = await OpenAsync(_memory);
        Assert.Equal(4, (await opened.StateStore.FindCommitAsync("id-4", Token))!.TransactionNumber);
        Assert.Equal(19, (await CommitAsync(opened.StateStore, "next")).TransactionNumber);
        Assert.Empty((await TrimAsync()).Entries);
    }

    [Fact]
    public async Task A_dry_run_says_the_same_and_changes_nothing()
    {
        await MakeAsync(18);
        var objects = await ContentsAsync(_memory);
        var dry = await TrimAsync(dryRun: true);
        Assert.Equal(objects, await ContentsAsync(_memory));
        var real = await TrimAsync();
        Assert.Equal((dry.Boundary, dry.Entries.Count, dry.Snapshots.Count), (real.Boundary, real.Entries.Count, real.Snapshots.Count));
    }

    [Fact]
    public async Task What_is_left_of_snapshots_without_heads_goes_but_not_near_the_end_of_the_log()
    {
        await MakeAsync(18);
        string[] remains = [_paths.Snapshot(2, SnapshotPart.Files), _paths.Snapshot(3, SnapshotPart.Verified)];
        string[] kept = [_paths.Snapshot(13, SnapshotPart.Files), _paths.AllSnapshots + "00000000000000000001/note", _paths.AllSnapshots + "x"];
        foreach (string path in remains.Concat(kept))
        {
            await _memory.PutAsync(path, new byte[1], Token);
        }

        Assert.Equal([2L, 3L], (await TrimAsync(dryRun: true)).Remains);
        Assert.Equal([2L, 3L], (await TrimAsync()).Remains);
        var objects = await ObjectsAsync(_memory, _paths.AllSnapshots);
        Assert.Empty(objects.Intersect(remains));
        Assert.Equal(kept.Order(), objects.Intersect(kept).Order());
        Assert.Empty((await TrimAsync()).Remains);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_trimmed_behind_a_snapshot_that_is_not_what_the_log_says(bool isHead)
    {
        var part = isHead ? SnapshotPart.Head : SnapshotPart.Files;
        await MakeAsync(18);

        // A snapshot as a faulty writer would have put it: its seal is right, one row count or one id in it is wrong.
        string path = _paths.Snapshot(12, part);
        string[] lines = Encoding.UTF8.GetString(await ReadAsync(_memory, path)).Split('\n');
        int line = Array.FindIndex(lines, l => l.StartsWith(part == SnapshotPart.Head ? "{\"commit\"" : "{\"file\"", StringComparison.Ordinal));
        lines[line] = lines[line].Replace("\"rows\":10", "\"rows\":11", StringComparison.Ordinal);
        await _memory.PutAsync(path, await SnapshotBed.SealAsync(lines[..^2]), Token);
        var contents = await ContentsAsync(_memory);
        Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(() => TrimAsync())).ObjectName);
        Assert.Equal(contents, await ContentsAsync(_memory));
    }

    [Fact]
    public async Task A_writer_that_slept_through_trimming_commits()
    {
        using var sleeper = await CreateAsync(_memory, Options() with { SnapshotInterval = Interval });
        var attempt = await sleeper.StateStore.BeginAttemptAsync("slow", Token);
        using (var busy = await OpenAsync(_memory))
        {
            for (int i = 0; i < 30; i++)
            {
                await CommitAsync(busy.StateStore, $"id-{i}");
            }
        }

        Assert.NotEmpty((await TrimAsync()).Entries);
        Assert.Equal(31, (await sleeper.StateStore.CommitAsync(attempt, Commit(attempt), Token)).TransactionNumber);
        Assert.Equal(31, (await sleeper.StateStore.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task A_reader_whose_snapshot_goes_away_begins_again_at_the_newest()
    {
        await MakeAsync(10);
        using var reader = await OpenAsync(_memory);
        var trimsWhileReading = new ScriptedObjectStore(_memory);
        using var slow = await OpenAsync(trimsWhileReading);
        using (var busy = await OpenAsync(_memory))
        {
            for (int i = 0; i < 20; i++)
            {
                await CommitAsync(busy.StateStore, $"new-{i}");
            }
        }

        bool trimmed = false;
        trimsWhileReading.Fault = (verb, path) =>
        {
            if (!trimmed && verb == "open" && path.StartsWith(_paths.LogFolder(LogKind.Files), StringComparison.Ordinal))
            {
                trimmed = true;
                TrimAsync().GetAwaiter().GetResult();
            }

            return ScriptedFault.None;
        };
        Assert.Equal(30, (await slow.StateStore.LoadStateAsync(Token)).References.Count);
        Assert.True(trimmed);
        Assert.Equal(30, (await reader.StateStore.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task A_table_whose_snapshots_are_gone_behind_trimmed_entries_says_so()
    {
        await MakeAsync(18);
        await TrimAsync();
        foreach (string path in await ObjectsAsync(_memory, _paths.AllSnapshots))
        {
            await _memory.DeleteAsync(path, Token);
        }

        using var opened = await OpenAsync(_memory);
        var error = await Assert.ThrowsAsync<TableDamagedException>(() => opened.StateStore.LoadStateAsync(Token));
        Assert.Contains(_paths.LogEntry(LogKind.Files, 1), error.ObjectName, StringComparison.Ordinal);
    }

    public static TheoryData<int, bool> Stops => [.. Enumerable.Range(1, 40).SelectMany(n => new[] { (n, true), (n, false) })];

    [Theory]
    [MemberData(nameof(Stops))]
    public async Task Stopped_at_any_call_it_leaves_a_whole_table_and_the_next_run_goes_on(int stop, bool before)
    {
        await MakeAsync(18);
        var state = await StateAsync();
        int calls = 0;
        var store = new ScriptedObjectStore(_memory);
        using (var table = await OpenAsync(store))
        {
            store.Fault = (verb, _) => ++calls < stop ? ScriptedFault.None : before || verb is not ("put" or "delete") ? ScriptedFault.Before : ScriptedFault.After;
            try
            {
                await ((TransactionLogStateStore)table.StateStore).TrimAsync(dryRun: false, Token);
            }
            catch (IOException)
            {
            }
        }

        Assert.Equal(state, await StateAsync());
        await TrimAsync();
        Assert.Equal(state, await StateAsync());
        Assert.Equal([12L, 16L], await SnapshotsAsync());
        Assert.True(EntryFormat.Read(await ReadAsync(_memory, _paths.LogEntry(LogKind.Files, 12)), "entry").IsTrimmed);
    }

    [Fact]
    public async Task Many_rounds_of_commits_and_trims_by_several_at_once_keep_the_state()
    {
        await MakeAsync(0);
        var random = new Random(7);
        using var one = await OpenAsync(_memory);
        using var two = await OpenAsync(_memory);
        int next = 0;
        for (int round = 0; round < 30; round++)
        {
            int count = random.Next(1, 9);
            for (int i = 0; i < count; i++)
            {
                await CommitAsync(random.Next(2) == 0 ? one.StateStore : two.StateStore, $"id-{next++}");
            }

            await Task.WhenAll(TrimAsync(), TrimAsync());
            Assert.Equal(next, (await StateAsync()).Split('\n').Length - 1);
        }

        Assert.Equal(2, (await SnapshotsAsync()).Count);
    }

    private async Task MakeAsync(int commits)
    {
        using var table = await CreateAsync(_memory, Options() with { SnapshotInterval = Interval });
        for (int i = 1; i <= commits; i++)
        {
            await CommitAsync(table.StateStore, $"id-{i}");
        }
    }

    private async Task<TrimResult> TrimAsync(bool dryRun = false)
    {
        using var table = await OpenAsync(_memory);
        return await ((TransactionLogStateStore)table.StateStore).TrimAsync(dryRun, Token);
    }

    private async Task<string> StateAsync()
    {
        using var table = await OpenAsync(_memory);
        var state = await table.StateStore.LoadStateAsync(Token);
        return string.Concat(state.References.Select(reference => $"{reference}\n"));
    }

    private async Task<IReadOnlyList<long>> SnapshotsAsync() =>
        await new ObjectStoreSnapshots(_memory, _paths, "00000000", TableSchema).ListAsync(0, Token);

    private static Task<OwnTable> OpenAsync(IObjectStore store) =>
        OwnTable.OpenAsync(store, Name, Options(3) with { SnapshotInterval = Interval }, null, Token);
}
