using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.EndToEnd;

/// <summary>New tables that are split by their first rows.</summary>
public class PreSplitTests
{
    private static readonly Schema Numbers = Schema.Create().RowKey("key", FieldType.Int).Value("note", FieldType.String).Build();

    [Fact]
    public async Task Leaves_get_equal_shares_of_the_rows()
    {
        using var bed = new IngestBed();
        await using var writer = await bed.Factory(Numbers).WithPreSplit(8).OpenAsync();
        await writer.WriteAsync(Rows(8000));
        var result = await writer.CompleteAsync();

        Assert.Equal((8, 8), (result.LeafCount, result.Files.Count));
        Assert.All(result.Files, f => Assert.Equal(1000, f.References.Single().RowCount));
        await bed.AssertHoldsAsync(Rows(8000));
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public async Task Fewer_distinct_keys_give_fewer_leaves(int distinct, int mostLeaves)
    {
        using var bed = new IngestBed();
        await using var writer = await bed.Factory(Numbers).WithPreSplit(8).OpenAsync();
        await writer.WriteAsync(Enumerable.Range(0, 900).Select(i => new Row(Numbers, i % distinct, "n")));
        var result = await writer.CompleteAsync();

        Assert.InRange(result.LeafCount, 1, mostLeaves);
        Assert.Equal(900, (await bed.ReadAsync()).Count);
    }

    [Fact]
    public async Task No_rows_make_no_table_and_rows_later_still_split_it()
    {
        using var bed = new IngestBed();
        await using (var empty = await bed.Factory(Numbers).WithPreSplit(4).OpenAsync())
        {
            Assert.Equal(IngestOutcome.NothingToCommit, (await empty.CompleteAsync()).Outcome);
        }

        await Assert.ThrowsAsync<TableNotFoundException>(() => Table.OpenAsync(bed.Memory, "default"));
        await using var writer = await bed.Factory(Numbers).WithPreSplit(4).OpenAsync();
        await writer.WriteAsync(Rows(400));
        Assert.Equal(4, (await writer.CompleteAsync()).LeafCount);
    }

    [Fact]
    public async Task A_second_ingest_uses_the_tree_that_is_there_without_being_given_the_schema()
    {
        using var bed = new IngestBed();
        await using (var first = await bed.Factory(Numbers).WithPreSplit(4).OpenAsync())
        {
            await first.WriteAsync(Rows(400));
            await first.CompleteAsync();
        }

        await using var second = await IngestFactory.Create().UseObjectStore(bed.Memory).WithSpillFolder(bed.Spill.Path).WithPreSplit(16).OpenAsync();
        await second.WriteAsync(Rows(1200));
        var result = await second.CompleteAsync();

        Assert.Equal((4, 4), (result.LeafCount, result.Files.Count));
        Assert.Equal(1600, (await bed.ReadAsync()).Count);
    }

    [Fact]
    public async Task Who_loses_the_race_uses_the_winners_tree()
    {
        using var bed = new IngestBed();
        await using var one = await bed.Factory(Numbers).WithPreSplit(4).OpenAsync();
        await using var two = await bed.Factory(Numbers).WithPreSplit(7).OpenAsync();
        await one.WriteAsync(Rows(400));
        await two.WriteAsync(Rows(700));

        var results = await Task.WhenAll(Task.Run(() => one.CompleteAsync()), Task.Run(() => two.CompleteAsync()));

        Assert.Equal(results[0].LeafCount, results[1].LeafCount);
        Assert.True(results[0].LeafCount is 4 or 7, $"{results[0].LeafCount} leaves");
        var leaves = (await (await Table.OpenAsync(bed.Memory, "default")).DescribeAsync()).Leaves.Select(l => l.PartitionId).ToHashSet();
        Assert.All(results.SelectMany(r => r.Files).SelectMany(f => f.References), r => Assert.True(leaves.Contains(r.PartitionId), r.PartitionId));
        // Equal keys come in the order of the commits, and either may have been first.
        await bed.AssertHoldsAsync(
            results[0].CommitNumber < results[1].CommitNumber ? [.. Rows(400), .. Rows(700)] : [.. Rows(700), .. Rows(400)]);
    }

    [Fact]
    public async Task Rows_are_split_as_soon_as_they_take_much_of_the_memory_and_later_ones_follow()
    {
        using var bed = new IngestBed();
        await using var writer = await bed.Factory(Numbers).WithPreSplit(5).WithMemoryBudget(16 << 20).OpenAsync();
        string note = new('n', 2000);
        var rows = Enumerable.Range(0, 8000).Select(i => new Row(Numbers, i * 7919 % 8000, note)).ToList();

        await writer.WriteAsync(rows);

        Assert.Equal(5, (await (await Table.OpenAsync(bed.Memory, "default")).DescribeAsync()).Leaves.Count);
        var result = await writer.CompleteAsync();
        Assert.Equal((8000, 5), (result.RowCount, result.LeafCount));
        Assert.True(result.SpilledBytes > 0);
        Assert.InRange(result.PeakMemoryBytes, 1, 16 << 20);
        await bed.AssertHoldsAsync(rows);
    }

    private static List<Row> Rows(int count) => [.. Enumerable.Range(1, count).Select(i => new Row(Numbers, (i * 7919L % (count + 1)) is var k ? (int)k : 0, $"n{i}"))];
}
