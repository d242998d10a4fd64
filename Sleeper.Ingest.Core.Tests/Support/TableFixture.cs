using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

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

    /// <summary>Makes the table <c>default</c> of one leaf with properties that nothing has checked, as another program might have.</summary>
    public static async Task MakeAsync(IObjectStore store, Schema schema, Dictionary<string, string> properties)
    {
        using var table = await OwnTable.CreateOrOpenAsync(
            store, "default", schema, PartitionTree.Single(schema), Options(), properties, TestContext.Current.CancellationToken);
    }

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

    /// <summary>Every object of a store with its bytes, to see whether anything changed.</summary>
    public static async Task<Dictionary<string, string>> ContentsAsync(IObjectStore store)
    {
        var contents = new Dictionary<string, string>();
        foreach (string path in await ObjectsAsync(store))
        {
            contents[path] = Convert.ToHexString(await ReadAsync(store, path));
        }

        return contents;
    }

    /// <summary>Splits a leaf, as another program does it: by an entry of the partitions log after the tree's. False if the number was taken.</summary>
    public static async Task<bool> SplitAsync(ITransactionLog partitions, string tableId, PartitionTree tree, string leafId, FieldValue at, string left, string right)
    {
        var leaf = tree[leafId];
        var range = leaf.Region.Ranges[0];
        var split = new SplitPartition(
            leaf with { ChildIds = [left, right], Dimension = 0 },
            [new(left, leafId, [], leaf.Region.With(0, range.Min, at), -1), new(right, leafId, [], leaf.Region.With(0, at, range.Max), -1)]);
        var header = new EntryHeader
        {
            TableId = tableId,
            Log = LogKind.Partitions,
            Number = tree.LogNumber + 1,
            Type = TransactionType.SplitPartition,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(1767323045678),
            Writer = "outside",
            Before = (await partitions.ReadAsync(tree.LogNumber, CancellationToken.None).ConfigureAwait(false))!.Checksum,
        };
        var entry = partitions.Prepare(new LogEntry(header, split.ToBytes(), []));
        return await partitions.AppendIfAbsentAsync(entry, CancellationToken.None).ConfigureAwait(false);
    }

    public static async Task<byte[]> ReadAsync(IObjectStore store, string path) =>
        (await SmallObjects.ReadAsync(store, path, CancellationToken.None) ?? throw new InvalidOperationException($"'{path}' is not there.")).ToArray();
}
