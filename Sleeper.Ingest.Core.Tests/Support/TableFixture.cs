using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A small own table for tests of its state, and commits of files that need not exist.</summary>
internal static class TableFixture
{
    public const string Name = "events";

    public static Schema TableSchema { get; } = Schema.Create().RowKey("key", FieldType.String).Value("value", FieldType.Long).Build();

    /// <summary>Options whose randomness comes from a seed. Waits take no time.</summary>
    public static StateStoreOptions Options(int seed = 1, TimeProvider? time = null)
    {
        var random = new Random(seed);
        return new StateStoreOptions
        {
            Random = bytes =>
            {
                lock (random)
                {
                    random.NextBytes(bytes);
                }
            },
            Time = time ?? new StateStoreClock(),
            Writer = $"test/{seed}",
        };
    }

    public static PartitionTree Tree(params string[] splitPoints)
    {
        int next = 0;
        return PartitionTree.FromSplitPoints(TableSchema, [.. splitPoints.Select(p => (FieldValue)p)], () => $"p{next++}");
    }

    public static Task<OwnTable> CreateAsync(IObjectStore store, StateStoreOptions? options = null) =>
        OwnTable.CreateOrOpenAsync(store, Name, TableSchema, Tree("m"), options ?? Options(), null, TestContext.Current.CancellationToken);

    public static Task<OwnTable> OpenAsync(IObjectStore store, int seed, TimeProvider? time = null) =>
        OwnTable.OpenAsync(store, Name, Options(seed, time), null, TestContext.Current.CancellationToken);

    /// <summary>A commit of one file of so many rows on the first leaf.</summary>
    public static IngestCommit Commit(IngestAttempt attempt, long rows = 10, string digest = "", string partitionId = "p0", int files = 1)
    {
        var data = new List<DataFile>();
        for (int i = 0; i < files; i++)
        {
            string name = TablePaths.DataFile(partitionId, attempt.FileNamePrefix, i);
            data.Add(new DataFile(name, 100 + i, [new FileReference(name, partitionId, rows)]));
        }

        return new IngestCommit(data, rows * files, 1, digest);
    }

    public static async Task<CommitResult> CommitAsync(IStateStore store, string ingestId, long rows = 10)
    {
        var attempt = await store.BeginAttemptAsync(ingestId, TestContext.Current.CancellationToken);
        return await store.CommitAsync(attempt, Commit(attempt, rows), TestContext.Current.CancellationToken);
    }

    public static async Task<List<string>> ObjectsAsync(IObjectStore store, string prefix = "")
    {
        var paths = new List<string>();
        await foreach (var found in store.ListAsync(prefix))
        {
            paths.Add(found.Path);
        }

        return paths;
    }

    public static async Task<byte[]> ReadAsync(IObjectStore store, string path) =>
        (await SmallObjects.ReadAsync(store, path, CancellationToken.None) ?? throw new InvalidOperationException($"'{path}' is not there.")).ToArray();
}
