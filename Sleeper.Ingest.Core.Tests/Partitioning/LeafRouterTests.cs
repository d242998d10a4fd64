using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Partitioning;

public class LeafRouterTests
{
    [Fact]
    public void Rows_go_to_the_leaf_whose_range_holds_their_first_row_key()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new RandomRows(seed);
            var schema = random.Schema();
            var points = EndToEnd.IngestModelTests.SplitPoints(random, schema, random.Random.Next(0, 60));
            var tree = PartitionTree.FromSplitPoints(schema, points, () => Guid.NewGuid().ToString());
            var router = new LeafRouter(schema, tree, KeyOrder.Bytes);
            Assert.True(router.IsOrderedByKey);
            foreach (var row in random.Rows(schema, 300))
            {
                int expected = points.Count(p => RowOrder.Compare(p, row[0], KeyOrder.Bytes) <= 0);
                Assert.True(expected == Route(router, schema, row), $"seed {seed}: {row[0]} among {string.Join(" ", points)}");
            }

            foreach (var point in points)
            {
                var values = random.Row(schema).Values.ToArray();
                values[0] = point;
                int expected = points.IndexOf(point) + 1;
                Assert.Equal(expected, Route(router, schema, new Row(schema, values)));
            }
        }
    }

    /// <summary>Borders that agree in their first eight bytes cannot be told apart by these.</summary>
    [Fact]
    public void Borders_that_begin_alike_are_compared_whole()
    {
        string common = new('k', 40);
        var schema = Schema.Create().RowKey("key", FieldType.String).Build();
        List<FieldValue> points = ["a", .. Enumerable.Range(0, 60).Select(i => (FieldValue)$"{common}{2 * i:D3}"), "z"];
        var router = new LeafRouter(schema, PartitionTree.FromSplitPoints(schema, points, () => Guid.NewGuid().ToString()), KeyOrder.Bytes);

        Assert.Equal(0, Leaf("A"));
        Assert.Equal(1, Leaf("a"));
        Assert.Equal(1, Leaf(common));
        Assert.Equal(1, Leaf("kkkkkkkk"));
        for (int i = 0; i < 120; i++)
        {
            Assert.Equal(2 + (i / 2), Leaf($"{common}{i:D3}"));
        }

        Assert.Equal(61, Leaf("kkkkkkkkz"));
        Assert.Equal(61, Leaf("y"));
        Assert.Equal(62, Leaf("z"));

        int Leaf(string key) => Route(router, schema, new Row(schema, key));
    }

    /// <summary>More borders with the same first bytes than are counted at once, and fewer, and some that agree in eight bytes or more.</summary>
    [Fact]
    public void Rows_go_to_their_leaf_among_thousands()
    {
        var random = new Random(1);
        var schema = Schema.Create().RowKey("key", FieldType.String).Build();
        string Text() => new([.. Enumerable.Range(0, random.Next(2, 11)).Select(i => (char)('a' + random.Next(i < 2 ? 8 : 2)))]);
        string[] borders = [.. Enumerable.Range(0, 4000).Select(_ => Text()).Distinct().Order(StringComparer.Ordinal)];
        var router = new LeafRouter(schema, PartitionTree.FromSplitPoints(schema, [.. borders.Select(b => (FieldValue)b)], () => Guid.NewGuid().ToString()), KeyOrder.Bytes);
        foreach (string key in Enumerable.Range(0, 3000).Select(_ => Text()).Concat(["", "a", "zz", .. borders]))
        {
            int found = Array.BinarySearch(borders, key, StringComparer.Ordinal);
            Assert.Equal(found >= 0 ? found + 1 : ~found, Route(router, schema, new Row(schema, key)));
        }
    }

    [Fact]
    public void Trees_split_on_several_row_keys_are_descended()
    {
        var schema = Schema.Create().RowKey("x", FieldType.Int).RowKey("y", FieldType.String).SortKey("z", FieldType.Long).Build();
        var tree = TwoDimensionalTree();
        var router = new LeafRouter(schema, tree, KeyOrder.Bytes);
        Assert.False(router.IsOrderedByKey);
        Assert.Equal("low-a", LeafId(-5, "a"));
        Assert.Equal("low-m", LeafId(-5, "m"));
        Assert.Equal("low-m", LeafId(9, "z"));
        Assert.Equal("high", LeafId(10, "a"));
        Assert.Equal("high", LeafId(int.MaxValue, ""));

        string LeafId(int x, string y) => tree.Leaves[Route(router, schema, new Row(schema, x, y, 1L))].Id;
    }

    /// <summary>Split at x = 10, the lower half at y = "m".</summary>
    internal static PartitionTree TwoDimensionalTree()
    {
        Region Box(FieldValue minX, FieldValue maxX, FieldValue minY, FieldValue maxY) => new([new KeyRange("x", minX, maxX), new KeyRange("y", minY, maxY)]);
        return new PartitionTree(
        [
            new Partition("root", null, ["low", "high"], Box(int.MinValue, FieldValue.Null, "", FieldValue.Null), 0),
            new Partition("low", "root", ["low-a", "low-m"], Box(int.MinValue, 10, "", FieldValue.Null), 1),
            new Partition("low-a", "low", [], Box(int.MinValue, 10, "", "m"), -1),
            new Partition("low-m", "low", [], Box(int.MinValue, 10, "m", FieldValue.Null), -1),
            new Partition("high", "root", [], Box(10, FieldValue.Null, "", FieldValue.Null), -1),
        ]);
    }

    private static unsafe int Route(LeafRouter router, Schema schema, Row row)
    {
        using var batch = new RowBatch(new MemoryBudget(1 << 24), 1 << 16, 16);
        Assert.Null(new RowEncoder(schema, KeyOrder.Bytes, new RowLimits()).Encode(row, batch));
        return router.Route(batch.CurrentKey, batch.CurrentKeyBytes);
    }
}
