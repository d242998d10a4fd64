using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables.Maintenance;

/// <summary>Maintenance of a table in a folder, through what users call.</summary>
public sealed class LocalMaintenanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Unfinished_files_of_dead_writers_go_and_young_ones_and_links_stay()
    {
        var store = new LocalObjectStore(_folder.Path);
        var table = await Table.CreateAsync(store, "t", TableFixture.TableSchema, cancellationToken: Token);
        string data = Directory.CreateDirectory(Path.Combine(_folder.Path, "t", "data", "partition_root")).FullName;
        string old = Make(Path.Combine(data, ".tmp~123~1"), TimeSpan.FromHours(2));
        string oldInLog = Make(Path.Combine(_folder.Path, "t", "log", "partitions", ".tmp~123~2"), TimeSpan.FromHours(2));
        string young = Make(Path.Combine(data, ".tmp~123~3"), TimeSpan.FromMinutes(2));
        string outside = Make(Path.Combine(_folder.Path, "outside"), TimeSpan.FromHours(2));
        File.CreateSymbolicLink(Path.Combine(data, ".tmp~123~4"), outside);
        string other = Make(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.Path, "other")).FullName, ".tmp~123~5"), TimeSpan.FromHours(2));
        var spill = Directory.CreateDirectory(Path.Combine(_folder.Path, "spill")).FullName;

        var report = await table.MaintainAsync(new MaintenanceOptions { SpillFolder = spill }, Token);
        Assert.Equal(
            ["t/data/partition_root/.tmp~123~1", "t/log/partitions/.tmp~123~2"],
            report.Done.Where(i => i.Kind == MaintenanceKind.UnfinishedObject).Select(i => i.Name).Order(StringComparer.Ordinal));
        Assert.Equal("t/data/partition_root/.tmp~123~3", Assert.Single(report.Left).Name);
        Assert.False(File.Exists(old));
        Assert.False(File.Exists(oldInLog));
        Assert.True(File.Exists(young));
        Assert.True(File.Exists(outside));
        Assert.True(File.Exists(other));
    }

    [Fact]
    public async Task Nothing_but_an_unfinished_file_can_be_removed_as_one()
    {
        var store = new LocalObjectStore(_folder.Path);
        await store.PutAsync("a/b", new byte[1], Token);
        string[] names = ["a/b", "../.tmp~1~1", "/.tmp~1~1", "a/../.tmp~1~1"];
        foreach (string name in names)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.RemoveUnfinishedAsync(new UnfinishedObject(name, 0, default), Token));
        }

        await store.RemoveUnfinishedAsync(new UnfinishedObject("a/.tmp~1~1", 0, default), Token);
        Assert.NotNull(await store.HeadAsync("a/b", Token));
    }

    [Fact]
    public async Task Spill_files_of_the_dead_go_and_a_dry_run_only_names_them()
    {
        var table = await Table.CreateAsync(new LocalObjectStore(_folder.Path), "t", TableFixture.TableSchema, cancellationToken: Token);
        string root = Path.Combine(_folder.Path, "spill");
        using var living = new SpillDirectory(root, () => 1, new DiskBudget(long.MaxValue));
        living.CreateFile().Dispose();
        string dead = Directory.CreateDirectory(Path.Combine(root, new string('d', 32))).FullName;
        await File.WriteAllTextAsync(dead + ".lock", "", Token);
        var options = new MaintenanceOptions { SpillFolder = root, DryRun = true };
        Assert.Equal(dead, Assert.Single((await table.MaintainAsync(options, Token)).Done).Name);
        Assert.True(Directory.Exists(dead));
        Assert.Equal(dead, Assert.Single((await table.MaintainAsync(options with { DryRun = false }, Token)).Done).Name);
        Assert.False(Directory.Exists(dead));
        Assert.True(Directory.Exists(living.Path));
    }

    [Fact]
    public async Task Times_below_zero_are_refused()
    {
        var table = await Table.CreateAsync(new LocalObjectStore(_folder.Path), "t", TableFixture.TableSchema, cancellationToken: Token);
        await Assert.ThrowsAsync<ArgumentException>(() => table.MaintainAsync(new MaintenanceOptions { Grace = TimeSpan.FromSeconds(-1) }, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => table.MaintainAsync(new MaintenanceOptions { KeepLedger = TimeSpan.FromDays(-1) }, Token));
    }

    private static string Make(string path, TimeSpan age)
    {
        File.WriteAllText(path, "half");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
        return path;
    }
}
