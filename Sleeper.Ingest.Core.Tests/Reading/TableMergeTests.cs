using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>What a read opens, when it closes it, and what it leaves alone.</summary>
public sealed class TableMergeTests
{
    private const int Leaves = 20;
    private static readonly Schema Keys = new([new Field("k", FieldType.Int)], null, [new Field("v", FieldType.String)]);
    private readonly ReaderCountingStore _store = new(new InMemoryObjectStore());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TableReader Reader => new(new ReadContext(_store, "t", name => name, Keys) { StretchRowCount = 16 });

    [Fact]
    public async Task No_more_files_are_open_at_once_than_one_leaf_and_its_ancestors_have()
    {
        var state = await MakeTable(filesOfLeaf: 3, withRootFile: true);

        int rows = await Count(Reader.ReadAsync(state, KeyFilter.Everything, Token));

        Assert.Equal((Leaves * 3 * 50) + (Leaves * 10), rows);
        Assert.Equal(0, _store.Open);
        Assert.InRange(_store.MostOpen, 4, (2 * 3) + 1);
    }

    [Fact]
    public async Task A_look_up_opens_the_files_of_one_leaf_alone()
    {
        var state = await MakeTable(filesOfLeaf: 3, withRootFile: false);

        int rows = await Count(Reader.ReadAsync(state, KeyFilter.Exactly(Keys, KeyOrder.Bytes, [725]), Token));

        Assert.Equal(3, rows);
        Assert.Equal((0, 3), (_store.Open, _store.MostOpen));
    }

    [Fact]
    public async Task A_look_up_reads_the_row_groups_alone_that_can_have_the_key()
    {
        var rows = Enumerable.Range(0, 10_000).Select(i => new Row(Keys, i, string.Concat(Enumerable.Range(1, 20).Select(j => $"{(i + j) * 2654435761L * j:x16}")))).ToList();
        byte[] file = SmallDataFile.Write(Keys, rows, rowGroupRowCount: 500);
        await _store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(Keys), [new FileReference("f", "root", rows.Count)], []);

        int found = await Count(Reader.ReadAsync(state, KeyFilter.Exactly(Keys, KeyOrder.Bytes, [7777]), Token));

        Assert.Equal(1, found);
        Assert.InRange(_store.BytesRead, 1, file.Length / 4);
    }

    [Fact]
    public async Task A_read_that_is_left_early_closes_its_files()
    {
        var state = await MakeTable(filesOfLeaf: 3, withRootFile: true);

        await foreach (var row in Reader.ReadAsync(state, KeyFilter.Everything, Token))
        {
            if (row.GetInt(0) == 200)
            {
                break;
            }
        }

        Assert.Equal(0, _store.Open);
    }

    [Fact]
    public async Task A_cancelled_read_stops_at_the_next_row_and_closes_its_files()
    {
        var state = await MakeTable(filesOfLeaf: 2, withRootFile: true);
        using var cancel = new CancellationTokenSource();
        int rows = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var row in Reader.ReadAsync(state, KeyFilter.Everything, cancel.Token))
            {
                if (++rows == 7)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        Assert.Equal((7, 0), (rows, _store.Open));
    }

    [Fact]
    public async Task A_table_without_files_has_no_rows() =>
        Assert.Equal(0, await Count(Reader.ReadAsync(new TableState(0, PartitionTree.Single(Keys), [], []), KeyFilter.Everything, Token)));

    [Fact]
    public async Task Files_without_rows_are_passed_over()
    {
        await _store.PutAsync("f", SmallDataFile.Write(Keys, []), Token);
        var state = new TableState(1, PartitionTree.Single(Keys), [new FileReference("f", "root", 0)], []);

        Assert.Equal(0, await Count(Reader.ReadAsync(state, KeyFilter.Everything, Token)));
        Assert.Equal(0, _store.Open);
    }

    private static async Task<int> Count(IAsyncEnumerable<Row> rows)
    {
        int count = 0;
        await foreach (var row in rows)
        {
            count++;
        }

        return count;
    }

    /// <summary>Leaves of 50 keys each, every file of a leaf with a row for each key; the root's file with every fifth key.</summary>
    private async Task<TableState> MakeTable(int filesOfLeaf, bool withRootFile)
    {
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(Keys, [.. Enumerable.Range(1, Leaves - 1).Select(i => FieldValue.FromInt(i * 50))], () => $"p{next++}");
        var references = new List<FileReference>();
        foreach (var (leaf, index) in tree.Leaves.Select((leaf, index) => (leaf, index)))
        {
            var rows = Enumerable.Range(index * 50, 50).Select(i => new Row(Keys, i, "x")).ToList();
            for (int file = 0; file < filesOfLeaf; file++)
            {
                await Add(leaf.Id, $"{leaf.Id}-{file}", rows);
            }
        }

        if (withRootFile)
        {
            await Add("root", "root", [.. Enumerable.Range(0, Leaves * 10).Select(i => new Row(Keys, i * 5, "y"))]);
        }

        return new TableState(1, tree, references, []);

        async Task Add(string partition, string file, IReadOnlyList<Row> rows)
        {
            await _store.PutAsync(file, SmallDataFile.Write(Keys, rows, rowGroupRowCount: 20), Token);
            references.Add(new FileReference(file, partition, rows.Count));
        }
    }
}
