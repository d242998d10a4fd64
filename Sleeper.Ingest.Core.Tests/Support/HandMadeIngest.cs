using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>An ingest step by step, without the pipeline: files are written value by value and committed through the table's state store.</summary>
internal static class HandMadeIngest
{
    /// <summary>One file for each leaf that gets rows; or one file for all, with a reference for each such leaf.</summary>
    public static async Task<CommitResult> CommitAsync(IObjectStore store, string table, string ingestId, IEnumerable<Row> rows, bool oneFile = false)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var own = await OwnTable.OpenAsync(store, table, new StateStoreOptions { Random = SystemRandom.Fill }, null, cancellationToken);
        var tree = await own.StateStore.LoadPartitionsAsync(cancellationToken);
        var attempt = await own.StateStore.BeginAttemptAsync(ingestId, cancellationToken);
        var sorted = rows.OrderBy(row => row, Comparer<Row>.Create((l, r) => TableModel.CompareKeys(l, r, own.Schema, KeyOrder.Bytes))).ToList();
        var files = new List<DataFile>();
        foreach (var group in sorted.GroupBy(row => oneFile ? "root" : LeafOf(row)))
        {
            string name = TablePaths.DataFile(group.Key, attempt.FileNamePrefix, files.Count);
            byte[] bytes = SmallDataFile.Write(own.Schema, [.. group], rowGroupRowCount: 100);
            Assert.True(await store.PutIfAbsentAsync(own.Paths.InStore(name), bytes, cancellationToken));
            var leaves = group.GroupBy(LeafOf).ToList();
            files.Add(new DataFile(name, bytes.Length, [.. leaves.Select(l => new FileReference(name, l.Key, l.Count(), false, leaves.Count == 1))]));
        }

        return await own.StateStore.CommitAsync(attempt, new IngestCommit(files, sorted.Count, 1), cancellationToken);

        string LeafOf(Row row) => tree.Leaves.Single(leaf => leaf.Region.Contains(TableModel.RowKey(row, own.Schema), KeyOrder.Bytes)).Id;
    }
}
