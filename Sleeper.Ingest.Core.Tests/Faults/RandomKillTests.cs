using System.Globalization;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Checking;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Faults;

/// <summary>One table, two writers at a time, each killed (-9) at a random moment and followed by another that asks, tries again and sometimes maintains.</summary>
/// <remarks>SLEEPER_SOAK=n makes n cycles instead of 120 (a cycle costs half a second of core): 200 for the proof, more for a soak of hours.</remarks>
public sealed class RandomKillTests : IDisposable
{
    private const int Lanes = 2;
    private const int CyclesBetweenChecks = 20;
    private const int Seed = 20261125;

    private readonly TemporaryFolder _root = new();
    private readonly TemporaryFolder _spill = new();
    private readonly LocalObjectStore _store;
    private readonly KillLedger _ledger = new();

    public RandomKillTests() => _store = new LocalObjectStore(_root.Path, new LocalObjectStoreOptions { Durable = false });

    public void Dispose()
    {
        _root.Dispose();
        _spill.Dispose();
    }

    [Fact]
    public async Task What_was_said_of_an_ingest_stays_true_however_many_writers_are_killed()
    {
        int cycles = int.TryParse(Environment.GetEnvironmentVariable("SLEEPER_SOAK"), CultureInfo.InvariantCulture, out int asked) ? asked : 120;
        await Table.CreateAsync(_store, "default", SmallIngest.Schema, SmallIngest.SplitPoints);
        for (int done = 0; done < cycles; done += CyclesBetweenChecks)
        {
            int from = done;
            int until = Math.Min(cycles, done + CyclesBetweenChecks);
            await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => LaneAsync(from + lane, until)));
            await CheckAsync($"seed {Seed}, after {until} cycles");
        }

        // Half the lives are long enough for a commit; a maintenance that ends the other's attempt may take some of them.
        int committed = _ledger.Words.Values.Count(told => told == Told.Committed);
        Assert.True(committed > cycles / 5, $"Only {committed} commits in {cycles} cycles.");
        await AssertLivenessAsync();
    }

    private async Task LaneAsync(int from, int until)
    {
        for (int cycle = from; cycle < until; cycle += Lanes)
        {
            var random = new Random(Seed + cycle);
            var again = _ledger.TakeOpen(4);
            await using var worker = WorkerProcess.Start(
                "recover", "--root", _root.Path, "--spill", _spill.Path, "--table", "default", "--rows", $"{SmallIngest.RowCount}", "--id", $"c{cycle}",
                "--again", string.Join(',', again), "--maintain", random.Next(8) == 0 ? "true" : "false", "--durable", random.Next(4) == 0 ? "true" : "false");
            var lines = new List<string>();
            string? awaited = random.Next(8) switch { 0 => null, < 6 => "begun ", _ => "committed " };
            while (awaited is not null && await worker.ReadLineAsync() is { } line)
            {
                lines.Add(line);
                if (line.StartsWith(awaited, StringComparison.Ordinal))
                {
                    break;
                }
            }

            await Task.Delay(random.Next(awaited == "committed " ? 40 : 150));
            await worker.KillAsync();
            lines.AddRange(await worker.ReadToEndAsync());
            _ledger.Note(again, lines, $"seed {Seed}, cycle {cycle}");
            Assert.True(worker.Errors.Trim().Length == 0, $"seed {Seed}, cycle {cycle}: {worker.Errors}");
        }
    }

    private async Task CheckAsync(string context, bool isTidy = false)
    {
        var words = _ledger.Words;
        var copies = await SmallIngest.CopiesAsync(_store);
        Assert.True(copies.Values.All(count => count == 1), $"{context}: an ingest is there twice.");
        Assert.DoesNotContain(words, w => w.Value == Told.Committed && !copies.ContainsKey(w.Key));
        await DeadIngest.AssertOwnersAsync(_store, context);

        // Until a maintenance anybody may have left something that says whose it is.
        var expected = new ExpectedTable(ingestField: 1, numberField: 2);
        foreach (var (id, told) in words)
        {
            expected.Add(id, told, SmallIngest.Rows(id), isRunning: !isTidy);
        }

        await TableChecker.AssertSoundAsync(Path.Combine(_root.Path, "default"), expected, context);
    }

    /// <summary>When the killing ends everything that was begun can be brought to its end, and maintenance leaves nothing of the dead.</summary>
    private async Task AssertLivenessAsync()
    {
        var table = await Table.OpenAsync(_store, "default");
        foreach (string id in _ledger.TakeOpen(int.MaxValue))
        {
            _ledger.Settle(id, (await table.ResolveAsync(id)).Committed is not null, "at the end");
        }

        var report = await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero, SpillFolder = _spill.Path });
        Assert.Empty(report.Left);
        Assert.DoesNotContain(await SmallIngest.StrayObjectsAsync(_store), path => path.Contains("/data/", StringComparison.Ordinal) || path.Contains("/ingests/", StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_root.Path, $"{ObjectPath.TemporaryPrefix}*", SearchOption.AllDirectories));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_spill.Path));
        await CheckAsync("at the end", isTidy: true);
    }
}
