using System.Globalization;
using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables;

/// <summary>Several processes that commit to one table in a folder, and processes that are killed while they do.</summary>
public sealed class OwnTableProcessTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("own-table-processes-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Four_processes_with_250_commits_each_give_a_thousand_entries_without_a_gap()
    {
        const int Writers = 4;
        const int Commits = 250;
        var store = new LocalObjectStore(_root);
        using var table = await CreateAsync(store);
        var workers = Enumerable.Range(0, Writers).Select(w => Start($"w{w}", "--count", $"{Commits}", "--durable", "false")).ToArray();
        var numbers = (await WorkerProcess.RaceAsync(workers)).SelectMany(lines => lines).Where(IsCommitted).Select(NumberOf);

        Assert.Equal(Enumerable.Range(1, Writers * Commits).Select(n => (long)n), numbers.Order());
        var state = await table.StateStore.LoadStateAsync(Token);
        Assert.Equal(Writers * Commits, state.TransactionNumber);
        Assert.Equal(Writers * Commits, state.References.Count);
        Assert.Empty(await ObjectsAsync(store, "events/ingests/"));
        await AssertFilesAsync(store, state);
    }

    [Fact]
    public async Task A_maintainer_and_kills_among_four_processes_with_250_commits_each_lose_and_repeat_nothing()
    {
        const int Seed = 20261128;
        const int Writers = 4;
        const int Commits = 250;
        const int Kills = 3;
        var store = new LocalObjectStore(_root);
        using var table = await CreateAsync(store);
        using var done = new CancellationTokenSource();
        var maintainer = MaintainAndKillAsync(done.Token);
        var numbers = (await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => CommitAndKillAsync($"w{w}", Commits, Kills, new Random(Seed + w))))).SelectMany(n => n).ToList();
        await done.CancelAsync();
        var (maintenances, killedMaintainers) = await maintainer;
        Assert.True(maintenances >= 3 && killedMaintainers >= 1, $"{maintenances} maintenances, {killedMaintainers} of them killed.");

        // Two attempts of one ingest may both be told of its commit; two ingests never share a number.
        Assert.Equal(Writers * Commits, numbers.Count);
        Assert.Equal(Writers * Commits, numbers.Distinct().Count());
        await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero }, Token);
        using var fresh = await OpenAsync(store, 7);
        var state = await fresh.StateStore.LoadStateAsync(Token);
        Assert.Equal(Writers * Commits, state.References.Count);
        await AssertFilesAsync(store, state);
        Assert.Empty(await ObjectsAsync(store, "events/ingests/"));
        Assert.Equal(Writers * Commits, (await ObjectsAsync(store, "events/data/")).Count);

        // Besides the commits only ENDs of killed attempts, at most one for each, and entries without a gap: the listing shows each number once.
        string[] entries = [.. await ObjectsAsync(store, "events/log/files/")];
        Assert.Equal(state.TransactionNumber, entries.Length);
        Assert.Equal(Enumerable.Range(1, entries.Length).Select(n => $"events/log/files/{n:D20}.json"), entries);
        Assert.True(entries.Length >= Writers * Commits, $"{entries.Length} entries.");
        Assert.NotEmpty(await ObjectsAsync(store, "events/snapshots/"));
    }

    [Fact]
    public async Task What_a_killed_process_said_is_committed_is_there_and_nothing_is_half_there()
    {
        const int Seed = 20261125;
        const int Rounds = 26;
        var random = new Random(Seed);
        var store = new LocalObjectStore(_root);
        using var table = await CreateAsync(store);
        var committed = new Dictionary<string, long>();
        var begun = new HashSet<string>();
        for (int round = 0; round < Rounds; round++)
        {
            // Two at a time: the one that lives on a little longer commits beside the other's remains.
            await Task.WhenAll(
                RunAndKillAsync($"r{round}a", random.Next(1, 40), committed, begun), RunAndKillAsync($"r{round}b", random.Next(1, 40), committed, begun));
            if (round % 5 == 4 || round == Rounds - 1)
            {
                using var fresh = await OpenAsync(store, round);
                var state = await fresh.StateStore.LoadStateAsync(Token);
                AssertKept(state, committed, begun, $"seed {Seed}, round {round}");
                await AssertFilesAsync(store, state);
            }
        }

        Assert.True(committed.Count > Rounds, $"Only {committed.Count} commits in {Rounds} rounds.");
        foreach (string id in begun.Except(committed.Keys).ToList())
        {
            // Killed between put and answer, or before the put: the table knows which, and a "no" holds.
            var resolution = await table.StateStore.ResolveAsync(id, Token);
            Assert.Equal(resolution.Committed is null, await table.StateStore.FindCommitAsync(id, Token) is null);
        }
    }

    private async Task RunAndKillAsync(string writer, int commitsToLive, Dictionary<string, long> committed, HashSet<string> begun)
    {
        await using var worker = Start(writer, "--durable", "false");
        await worker.ExpectLineAsync("ready");
        await worker.WriteLineAsync("start");
        var lines = new List<string>();
        while (lines.Count < commitsToLive && await worker.ReadLineAsync() is { } line)
        {
            lines.Add(line);
        }

        // The worker runs ahead of what was read of it, so the kill meets it at some point of some commit.
        await worker.KillAsync();
        lines.AddRange(await worker.ReadToEndAsync());
        lock (committed)
        {
            foreach (string line in lines)
            {
                string[] words = line.Split(' ');
                if (IsCommitted(line))
                {
                    committed.Add(words[1], NumberOf(line));
                }
                else if (words[0] == "begun" && words.Length == 2)
                {
                    begun.Add(words[1]);
                }
            }
        }
    }

    /// <summary>Starts a writer again and again until it has committed all its ingests, and kills it some times. Returns the numbers of its commits.</summary>
    private async Task<IReadOnlyCollection<long>> CommitAndKillAsync(string writer, int commits, int kills, Random random)
    {
        var numbers = new Dictionary<string, long>();
        for (int killed = 0; numbers.Count < commits; killed++)
        {
            await using var worker = Start(writer, "--from", $"{numbers.Count}", "--count", $"{commits}", "--durable", "false");
            await worker.ExpectLineAsync("ready");
            await worker.WriteLineAsync("start");
            int linesToLive = killed < kills ? random.Next(20, 150) : int.MaxValue;
            var lines = new List<string>();
            while (lines.Count < linesToLive && await worker.ReadLineAsync() is { } line)
            {
                lines.Add(line);
            }

            if (killed < kills)
            {
                await worker.KillAsync();
                lines.AddRange(await worker.ReadToEndAsync());
            }
            else
            {
                await worker.ExpectSuccessAsync();
            }

            foreach (string line in lines.Where(IsCommitted))
            {
                numbers.Add(line.Split(' ')[1], NumberOf(line));
            }
        }

        return numbers.Values;
    }

    /// <summary>Maintains until the end; each maintainer but the last is killed after some rounds.</summary>
    private async Task<(int Maintenances, int Kills)> MaintainAndKillAsync(CancellationToken done)
    {
        int maintenances = 0;
        for (int kills = 0; ; kills++)
        {
            await using var worker = WorkerProcess.Start("maintain-loop", "--root", _root, "--table", Name, "--grace", "1000");
            for (int round = 0; round < 5 && await worker.ReadLineAsync() is { } line; round++)
            {
                Assert.StartsWith("maintained ", line);
                maintenances++;
                if (done.IsCancellationRequested)
                {
                    await worker.WriteLineAsync("stop");
                    await worker.ExpectSuccessAsync();
                    return (maintenances, kills);
                }
            }

            Assert.Equal("", worker.Errors.Trim());
            await worker.KillAsync();
        }
    }

    private static void AssertKept(TableState state, Dictionary<string, long> committed, HashSet<string> begun, string where)
    {
        Assert.Equal(state.TransactionNumber, state.References.Count);
        Assert.True(state.TransactionNumber >= committed.Count, where);
        Assert.Equal(committed.Count, committed.Values.Distinct().Count());
        foreach (var commit in state.RecentCommits)
        {
            Assert.True(begun.Contains(commit.IngestId) || commit.IngestId.Length > 0, where);
            if (committed.TryGetValue(commit.IngestId, out long number))
            {
                Assert.Equal(number, commit.TransactionNumber);
            }
        }
    }

    /// <summary>Every file of the state is there with its content, and the content is of its ingest: file names and ids agree.</summary>
    private static async Task AssertFilesAsync(LocalObjectStore store, TableState state)
    {
        var contents = new HashSet<string>();
        foreach (var reference in state.References)
        {
            string content = Encoding.UTF8.GetString(await ReadAsync(store, $"{Name}/{reference.FileName}"));
            Assert.Matches("^[rw][0-9]+[ab]?-[0-9]+$", content);
            Assert.True(contents.Add(content), $"{content} is there twice.");
        }
    }

    private static bool IsCommitted(string line) => line.StartsWith("committed ", StringComparison.Ordinal) && line.Split(' ').Length == 3;

    private static long NumberOf(string line) => long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);

    private WorkerProcess Start(string writer, params IEnumerable<string> arguments) =>
        WorkerProcess.Start("commit-loop", ["--root", _root, "--table", Name, "--writer", writer, "--partition", "p0", .. arguments]);
}
