using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Formats;

/// <summary>Items 22 and 24 to 27: which objects there are, what they are called, when they come, and the references to them.</summary>
public sealed partial class DataFileChecklistTests
{
    private static readonly Schema Keyed = Schema.Create().RowKey("key", FieldType.Int).Value("value", FieldType.String).Build();

    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Item_22_names_of_data_and_sketches_objects(FileWritingStrategy strategy)
    {
        var table = await IngestKeyedAsync(strategy);

        foreach (var file in table.Result.Files)
        {
            string partition = strategy == FileWritingStrategy.OneFilePerLeaf ? file.References[0].PartitionId : "root";
            Assert.Matches($"^data/partition_{partition}/[0-9a-f]{{32}}-[0-9a-f]{{16}}-[0-9]+[.]parquet$", file.FileName);
            Assert.Single(file.FileName.Split(".parquet")[..^1]);
        }

        Assert.Equal(
            table.Result.Files.SelectMany(f => new[] { $"default/{f.FileName}", $"default/{f.FileName.Replace(".parquet", ".sketches", StringComparison.Ordinal)}" }).Order(StringComparer.Ordinal),
            await IngestedTable.DataObjectsAsync(table.Store));
    }

    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Item_24_all_objects_are_complete_and_flushed_before_the_commit(FileWritingStrategy strategy)
    {
        var store = new FaultyObjectStore(new InMemoryObjectStore());

        var table = await IngestKeyedAsync(strategy, store);

        var calls = store.Calls.ToList();
        int commit = calls.FindIndex(c => c.Operation == StoreOperation.PutIfAbsent && c.Path.StartsWith("default/log/files/", StringComparison.Ordinal));
        int flush = calls.FindLastIndex(c => c.Operation == StoreOperation.Flush);
        var completed = calls.Take(flush).Where(c => c.Operation == StoreOperation.Complete).Select(c => c.Path);
        Assert.True(commit > flush && flush > 0, $"flush is call {flush}, commit is call {commit}");
        Assert.Equal(await IngestedTable.DataObjectsAsync(table.Store), completed.Order(StringComparer.Ordinal));
        Assert.Equal(0, calls.Skip(commit).Count(c => (c.Operation & (StoreOperation.Create | StoreOperation.Append | StoreOperation.Complete)) != 0));
    }

    [Fact]
    public async Task Item_24_a_commit_that_cannot_happen_leaves_no_objects()
    {
        var store = new FaultyObjectStore(new InMemoryObjectStore());
        store.FailBefore(StoreOperation.Complete, path => path.EndsWith(".sketches", StringComparison.Ordinal), call: 2);

        await Assert.ThrowsAnyAsync<Exception>(() => IngestKeyedAsync(FileWritingStrategy.OneFilePerLeaf, store));

        Assert.Empty(await IngestedTable.DataObjectsAsync(store.Inner));
        Assert.Empty(await TableFixture.ObjectsAsync(store.Inner, "default/log/files/"));
    }

    [Fact]
    public async Task Item_25_one_shared_file_has_one_reference_for_each_leaf_with_rows()
    {
        var table = await IngestKeyedAsync(FileWritingStrategy.OneReferencePerLeaf);

        var file = Assert.Single(table.Result.Files);
        Assert.Equal([100L, 100, 100], file.References.Select(r => r.RowCount));
        Assert.All(file.References, r => Assert.Equal((false, false), (r.CountApproximate, r.OnlyContainsDataForThisPartition)));
        Assert.Equal(3, file.References.Select(r => r.PartitionId).Distinct().Count());
        Assert.Equal(300, (await table.RowsAsync()).Count);
    }

    [Fact]
    public async Task Item_25_a_shared_file_with_rows_of_one_leaf_says_that_it_has_no_others()
    {
        var rows = Enumerable.Range(200, 50).Select(i => new Row(Keyed, i, "x"));
        var table = await IngestedTable.IngestAsync(Keyed, rows, f => f.WithSplitPoints(100, 200, 300).WithFileStrategy(FileWritingStrategy.OneReferencePerLeaf));

        var reference = Assert.Single(Assert.Single(table.Result.Files).References);

        Assert.Equal((50L, true), (reference.RowCount, reference.OnlyContainsDataForThisPartition));
        Assert.StartsWith("data/partition_root/", table.Result.Files[0].FileName, StringComparison.Ordinal);
        Assert.NotEqual("root", reference.PartitionId);
    }

    [Fact]
    public async Task Item_26_one_file_for_each_leaf_with_rows_and_its_sketches_are_of_its_rows()
    {
        var table = await IngestKeyedAsync(FileWritingStrategy.OneFilePerLeaf);

        Assert.Equal(3, table.Result.Files.Count);
        for (int i = 0; i < 3; i++)
        {
            var reference = Assert.Single(table.Result.Files[i].References);
            Assert.Equal((100L, false, true), (reference.RowCount, reference.CountApproximate, reference.OnlyContainsDataForThisPartition));
            var rows = await table.RowsAsync(i);
            Assert.Equal(100, rows.Count);
            Assert.Single(rows.Select(r => r.GetInt(0) / 100).Distinct());
            byte[] sketches = await TableFixture.ReadAsync(table.Store, table.PathOf(i).Replace(".parquet", ".sketches", StringComparison.Ordinal));
            var sketch = Assert.Single(SketchReader.Read(Keyed, sketches));
            Assert.Equal((100L, rows[0][0], rows[^1][0]), (sketch.Count, sketch.Min, sketch.Max));
        }
    }

    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Item_27_no_rows_in_no_objects_no_references_no_log_entry(FileWritingStrategy strategy)
    {
        var none = await IngestedTable.IngestAsync(Keyed, [], f => f.WithSplitPoints(100, 200).WithFileStrategy(strategy));
        var allBad = await IngestedTable.IngestAsync(
            Keyed, [new Row(Keyed, 1, FieldValue.Null)], f => f.WithFileStrategy(strategy).WithRowErrors(_ => { }));

        foreach (var table in (IngestedTable[])[none, allBad])
        {
            Assert.Equal((IngestOutcome.NothingToCommit, 0L, 0L), (table.Result.Outcome, table.Result.RowCount, table.Result.CommitNumber));
            Assert.Empty(table.Result.Files);
            Assert.Empty(await IngestedTable.DataObjectsAsync(table.Store));
            Assert.Empty(await TableFixture.ObjectsAsync(table.Store, "default/log/files/"));
        }
    }

    /// <summary>100 rows in each of the leaves 0, 1 and 3 of five.</summary>
    private static Task<IngestedTable> IngestKeyedAsync(FileWritingStrategy strategy, IObjectStore? store = null)
    {
        var keys = Enumerable.Range(0, 100).Concat(Enumerable.Range(100, 100)).Concat(Enumerable.Range(300, 100)).Reverse();
        return IngestedTable.IngestAsync(
            Keyed, keys.Select(i => new Row(Keyed, i, $"value {i}")), f => f.WithSplitPoints(100, 200, 300, 400).WithFileStrategy(strategy), store: store);
    }
}
