using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>
/// One seed: two to four processes write to and maintain one table in a folder, their disk operations in an order of chance; some are killed, and then the power
/// goes. What they were told is compared with what is there afterwards, and the next round goes on with that disk.
/// </summary>
internal sealed class SharedFolder
{
    private const int Rounds = 2;
    private const int IngestsOfWriter = 3;

    private readonly int _seed;
    private readonly Random _random;
    private readonly PowerLossDisk _disk;
    private readonly Dictionary<string, List<string>> _begun = [];
    private readonly List<(string Id, CommitResult Result)> _committed = [];
    private readonly HashSet<string> _refused = [];

    private SharedFolder(int seed)
    {
        _seed = seed;
        _random = new Random(seed);
        _disk = new PowerLossDisk(new Random(~seed)) { IsSpiteful = true };
    }

    /// <summary>What happened, for the test's totals.</summary>
    public int PowerLosses { get; private set; }

    public int Kills { get; private set; }

    public int Commits => _committed.Count;

    public int Refusals => _refused.Count;

    /// <exception cref="LostRowsException">A promise was broken.</exception>
    public static async Task<SharedFolder> RunAsync(int seed)
    {
        var run = new SharedFolder(seed);
        try
        {
            for (int round = 0; round < Rounds; round++)
            {
                run.RunProcesses(round);
                await run.CheckAsync();
            }

            await run.FinishAsync();
            return run;
        }
        catch (Exception e)
        {
            throw new LostRowsException($"Seed {seed}: {e.Message}\n{e}");
        }
    }

    private void RunProcesses(int round)
    {
        int count = _random.Next(2, 5);
        _disk.LostAt = _random.Next(8) == 0 ? int.MaxValue : _disk.Operations + 1 + _random.Next(count * 150);
        using var turns = new Turns(new Random(_random.Next()), count);
        var programs = Enumerable.Range(0, count).Select(i => Program(new ProcessDisk(_disk, turns, i, Killer(new Random(_random.Next()))), $"{round}.{i}", new Random(_random.Next()))).ToList();
        turns.Run(i => programs[i]().GetAwaiter().GetResult());
        PowerLosses += _disk.IsOff ? 1 : 0;
        _disk.LosePower();
    }

    /// <summary>Half of the processes live; the others die soon, most likely when a name of theirs is there and not yet durable.</summary>
    private static Func<bool, bool> Killer(Random random) => random.Next(2) == 0 ? _ => false : isEntry => random.Next(isEntry ? 3 : 300) == 0;

    private Func<Task> Program(ProcessDisk disk, string name, Random random) => async () =>
    {
        bool isMaintainer = random.Next(4) == 0;
        try
        {
            using var table = await PowerLossTable.OpenAsync(disk, random.Next());
            for (int i = 0; i < IngestsOfWriter; i++)
            {
                if (isMaintainer)
                {
                    await table.MaintainAsync(new MaintenanceOptions { Grace = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1) });
                    continue;
                }

                string id = random.Next(3) == 0 ? $"shared-{random.Next(3)}" : $"{name}-{i}";
                await WriteAsync(table, disk, id);
                if (random.Next(3) == 0)
                {
                    await AskAsync(table, disk, id);
                }
            }
        }
        catch (Exception e) when (disk.IsDead || (e is IngestException && e is not (TableDamagedException or UnsupportedTableException)))
        {
            // Also a maintenance without grace that took another's unfinished file: that ends a process as any error of the disk does.
            Kills += disk.IsDead && !_disk.IsOff ? 1 : 0;
        }
    };

    private async Task WriteAsync(OwnTable table, ProcessDisk disk, string id)
    {
        _begun.TryAdd(id, []);
        var attempt = await table.StateStore.BeginAttemptAsync(id);
        _begun[id].Add(attempt.FileNamePrefix);
        try
        {
            var result = await PowerLossTable.IngestAsync(table, attempt);
            if (!disk.IsDead)
            {
                _committed.Add((id, result));
            }
        }
        catch (CommitFailedException) when (!disk.IsDead)
        {
            _refused.Add(attempt.FileNamePrefix);
        }
    }

    private async Task AskAsync(OwnTable table, ProcessDisk disk, string id)
    {
        List<string> begun = [.. _begun[id]];
        var resolution = await table.StateStore.ResolveAsync(id);
        if (disk.IsDead)
        {
            return;
        }

        if (resolution.Committed is { } committed)
        {
            _committed.Add((id, committed));
        }
        else
        {
            _refused.UnionWith(begun);
        }
    }

    private async Task CheckAsync()
    {
        using var table = await PowerLossTable.OpenAsync(_disk, _random.Next());
        await CheckAsync(table);
        if (_random.Next(2) == 0)
        {
            await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero });
            await CheckAsync(table);
        }
    }

    private async Task CheckAsync(OwnTable table)
    {
        var state = await table.StateStore.LoadStateAsync();
        foreach (var (id, result) in _committed)
        {
            var known = await table.StateStore.FindCommitAsync(id);
            if (known?.TransactionNumber != result.TransactionNumber)
            {
                throw new LostRowsException($"'{id}' was committed by entry {result.TransactionNumber}, and now the table says {known?.TransactionNumber.ToString() ?? "that it is not"}.");
            }

            foreach (var file in result.Files)
            {
                await PowerLossTable.RequireAsync(table, state, file.FileName, $"'{id}' was committed by entry {result.TransactionNumber}");
            }
        }

        foreach (var reference in state.References)
        {
            await PowerLossTable.RequireAsync(table, state, reference.FileName, "the log names a file");
        }

        var prefixes = state.References.GroupBy(r => Prefix(r.FileName)).ToDictionary(g => g.Key, g => g.Count());
        if (prefixes.Keys.FirstOrDefault(_refused.Contains) is { } refused)
        {
            throw new LostRowsException($"Attempt {refused} was told that it is not committed, and its files are in the table.");
        }

        foreach (var (id, begun) in _begun)
        {
            if (begun.Sum(p => prefixes.GetValueOrDefault(p)) is not (0 or PowerLossTable.FilesOfIngest))
            {
                throw new LostRowsException($"'{id}' is in the table {begun.Sum(p => prefixes.GetValueOrDefault(p))} files strong, of {PowerLossTable.FilesOfIngest}.");
            }
        }
    }

    /// <summary>Everything is tried again, and maintenance leaves nothing over.</summary>
    private async Task FinishAsync()
    {
        using var table = await PowerLossTable.OpenAsync(_disk, _random.Next());
        foreach (string id in _begun.Keys)
        {
            var attempt = await table.StateStore.BeginAttemptAsync(id);
            _begun[id].Add(attempt.FileNamePrefix);
            _committed.Add((id, attempt.Committed ?? await PowerLossTable.IngestAsync(table, attempt)));
        }

        await table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.Zero });
        await CheckAsync(table);
        var data = new List<string>();
        await foreach (var found in table.Store.ListAsync(table.Paths.AllData))
        {
            data.Add(found.Path);
        }

        if (data.Count != PowerLossTable.FilesOfIngest * _begun.Count)
        {
            throw new LostRowsException($"After maintenance {data.Count} data files lie there, for {_begun.Count} ingests of {PowerLossTable.FilesOfIngest}.");
        }
    }

    private static string Prefix(string fileName) => fileName[(fileName.LastIndexOf('/') + 1)..fileName.LastIndexOf('-')];
}
