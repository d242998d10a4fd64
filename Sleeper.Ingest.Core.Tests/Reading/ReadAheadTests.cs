using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Reading;

/// <summary>Files read before their turn: side by side, within the budget of memory, and gone when the read is.</summary>
public sealed class ReadAheadTests
{
    private const int Leaves = 10;
    private const int FilesOfLeaf = 3;
    private const int RowsOfFile = 40;

    private static readonly Schema Keys = new([new Field("k", FieldType.Int)], null, [new Field("v", FieldType.String)]);
    private readonly ReaderCountingStore _store = new(new InMemoryObjectStore());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_opened_side_by_side_and_no_more_than_asked_for()
    {
        var state = await MakeTable();
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int waiting = 0;
        _store.BeforeOpen = token =>
        {
            if (Interlocked.Increment(ref waiting) >= 3)
            {
                met.TrySetResult();
            }

            return met.Task.WaitAsync(TimeSpan.FromSeconds(60), token);
        };

        var rows = await Reader(filesAhead: 3).ReadAsync(state, KeyFilter.Everything, Token).ToListAsync(Token);

        AssertWhole(rows);
        Assert.InRange(_store.MostOpen, 3, FilesOfLeaf + 3 + 3);
        Assert.Equal(0, _store.Open);
    }

    [Fact]
    public async Task A_read_that_is_left_or_cancelled_at_any_row_leaves_no_file_open_and_no_byte_held()
    {
        var state = await MakeTable();
        for (int stop = 0; stop < Leaves * FilesOfLeaf * RowsOfFile; stop += 1 + (stop / 3))
        {
            var budget = new MemoryBudget(1 << 30);
            using var cancel = new CancellationTokenSource();
            int seen = 0;
            try
            {
                await foreach (var row in Reader(filesAhead: 5).ReadAsync(state, KeyFilter.Everything, budget, cancel.Token))
                {
                    if (seen++ == stop)
                    {
                        if (stop % 2 == 0)
                        {
                            break;
                        }

                        await cancel.CancelAsync();
                    }
                }

                Assert.Equal(0, stop % 2);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(1, stop % 2);
            }

            Assert.Equal((stop + 1, 0, 0L), (seen, _store.Open, budget.UsedBytes));
            Assert.InRange(budget.PeakBytes, 1, long.MaxValue);
        }
    }

    [Fact]
    public async Task Any_budget_that_one_leaf_fits_gives_the_same_rows_and_is_kept()
    {
        var state = await MakeTable();
        var needs = new MemoryBudget(1 << 30);
        await new TableReader(Context(filesAhead: 0) with { MemoryBudgetBytes = 1 }).ReadAsync(state, KeyFilter.Everything, needs, Token).ToListAsync(Token);
        for (long bytes = needs.PeakBytes; bytes < 8 * needs.PeakBytes; bytes += needs.PeakBytes / 2)
        {
            var budget = new MemoryBudget(bytes);
            var reader = new TableReader(Context(filesAhead: 8) with { MemoryBudgetBytes = 1 });

            AssertWhole(await reader.ReadAsync(state, KeyFilter.Everything, budget, Token).ToListAsync(Token));

            Assert.Equal((0, 0L), (_store.Open, budget.UsedBytes));
            Assert.InRange(budget.PeakBytes, 1, bytes);
        }
    }

    [Fact]
    public async Task A_budget_that_is_too_small_is_an_error_that_says_what_is_needed()
    {
        var state = await MakeTable();
        var reader = new TableReader(Context(filesAhead: 4) with { MemoryBudgetBytes = 300 });

        var fault = await Assert.ThrowsAsync<TableReadException>(async () => await reader.ReadAsync(state, KeyFilter.Everything, Token).ToListAsync(Token));

        Assert.Matches("needs [0-9,]+ bytes of memory .* budget of 300 bytes .* Raise WithMemoryBudget", fault.Message);
        Assert.Equal(0, _store.Open);
    }

    [Fact]
    public async Task A_file_that_is_missing_ends_the_read_behind_the_rows_before_it()
    {
        var state = await MakeTable();
        await _store.DeleteAsync(state.Partitions.Leaves[7].Id + "-1", Token);
        string missing = state.Partitions.Leaves[5].Id + "-1";
        await _store.DeleteAsync(missing, Token);
        var rows = new List<Row>();

        var fault = await Assert.ThrowsAsync<TableReadException>(async () =>
        {
            await foreach (var row in Reader(filesAhead: 12).ReadAsync(state, KeyFilter.Everything, Token))
            {
                rows.Add(row);
            }
        });

        Assert.Equal(5 * FilesOfLeaf * RowsOfFile, rows.Count);
        Assert.Equal(missing, fault.FileName);
        Assert.Equal(0, _store.Open);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_next_row_group_of_an_open_file_is_read_while_rows_are_given(int filesAhead)
    {
        byte[] text = new byte[1000];
        var random = new Random(1);
        var rows = Enumerable.Range(0, 400).Select(i =>
        {
            random.NextBytes(text);
            return new Row(Keys, i, Convert.ToHexString(text));
        }).ToList();
        byte[] file = SmallDataFile.Write(Keys, rows, rowGroupRowCount: 100);
        await _store.PutAsync("f", file, Token);
        var state = new TableState(1, PartitionTree.Single(Keys), [new FileReference("f", "root", rows.Count)], []);
        var seen = new List<long>();
        int given = 0;
        var budget = new MemoryBudget(1 << 30);

        await foreach (var row in Reader(filesAhead).ReadAsync(state, KeyFilter.Everything, budget, Token))
        {
            if (given++ % 100 == 0)
            {
                seen.Add(_store.BytesRead);
            }
        }

        Assert.Equal(400, given);
        int same = seen.Zip(seen.Skip(1)).Count(pair => pair.First == pair.Second);
        Assert.Equal(filesAhead, same);
        Assert.Equal((0, 0L), (_store.Open, budget.UsedBytes));
    }

    private static void AssertWhole(List<Row> rows) =>
        Assert.Equal(Enumerable.Range(0, Leaves * FilesOfLeaf * RowsOfFile).Select(i => i / FilesOfLeaf), rows.Select(row => row.GetInt(0)));

    private ReadContext Context(int filesAhead) => new(_store, "t", name => name, Keys) { FilesAhead = filesAhead, StretchRowCount = 16 };

    private TableReader Reader(int filesAhead) => new(Context(filesAhead));

    /// <summary>Leaves behind one another; each file of a leaf has a row for each of its keys.</summary>
    private async Task<TableState> MakeTable()
    {
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(Keys, [.. Enumerable.Range(1, Leaves - 1).Select(i => FieldValue.FromInt(i * RowsOfFile))], () => $"p{next++}");
        var references = new List<FileReference>();
        foreach (var (index, leaf) in tree.Leaves.Index())
        {
            var rows = Enumerable.Range(index * RowsOfFile, RowsOfFile).Select(i => new Row(Keys, i, $"value {i}")).ToList();
            for (int file = 0; file < FilesOfLeaf; file++)
            {
                await _store.PutAsync($"{leaf.Id}-{file}", SmallDataFile.Write(Keys, rows, rowGroupRowCount: 15), Token);
                references.Add(new FileReference($"{leaf.Id}-{file}", leaf.Id, rows.Count));
            }
        }

        return new TableState(1, tree, references, []);
    }
}
