using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.OwnTables.Maintenance;

/// <summary>A table whose store has a clock of its own, and attempts that write objects with a few bytes in them.</summary>
internal sealed class MaintenanceBed
{
    public const int Interval = 4;

    public ManualClock StoreClock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public InMemoryObjectStore Store { get; }

    public TablePaths Paths { get; } = new(TableFixture.Name);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public MaintenanceBed()
    {
        Store = new InMemoryObjectStore("memory", StoreClock);
    }

    public Task<OwnTable> CreateAsync() => TableFixture.CreateAsync(Store, Options(1));

    public Task<OwnTable> OpenAsync(int seed = 2, IObjectStore? store = null, TimeProvider? clock = null) =>
        OwnTable.OpenAsync(store ?? Store, TableFixture.Name, Options(seed, clock), null, Token);

    /// <summary>Begins an attempt and writes its objects.</summary>
    public async Task<(IngestAttempt Attempt, IngestCommit Commit)> WriteAsync(OwnTable table, string ingestId, int files = 2)
    {
        var attempt = await table.StateStore.BeginAttemptAsync(ingestId, Token);
        var commit = TableFixture.Commit(attempt, files: files);
        foreach (string path in ObjectsOf(commit))
        {
            await Store.PutAsync(path, "rows"u8.ToArray(), Token);
        }

        return (attempt, commit);
    }

    public async Task<CommitResult> IngestAsync(OwnTable table, string ingestId)
    {
        var (attempt, commit) = await WriteAsync(table, ingestId);
        return await table.StateStore.CommitAsync(attempt, commit, Token);
    }

    public IEnumerable<string> ObjectsOf(IngestCommit commit) => commit.Files
        .SelectMany(f => new[] { Paths.InStore(f.FileName), Paths.InStore(Path.ChangeExtension(f.FileName, ".sketches")) });

    public async Task<MaintenanceReport> MaintainAsync(MaintenanceOptions? options = null, IObjectStore? store = null, TimeProvider? clock = null)
    {
        using var table = await OpenAsync(9, store, clock);
        return await table.MaintainAsync(options ?? new MaintenanceOptions(), Token);
    }

    public Task<List<string>> DataAsync() => TableFixture.ObjectsAsync(Store, Paths.AllData);

    public Task<List<string>> IntentsAsync() => TableFixture.ObjectsAsync(Store, Paths.AllIngests);

    public Task<Dictionary<string, string>> ContentsAsync() => TableFixture.ContentsAsync(Store);

    private static StateStoreOptions Options(int seed, TimeProvider? clock = null) =>
        TableFixture.Options(seed, clock) with { SnapshotInterval = Interval };
}
