using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Partitioning;

public sealed class PartitionTreeTests
{
    private static readonly Schema Key = Schema.Create().RowKey("key", FieldType.String).Build();
    private static readonly Schema AreaAndId = Schema.Create().RowKey("area", FieldType.String).RowKey("id", FieldType.Long).Build();

    [Fact]
    public void A_single_partition_is_called_root_and_holds_everything()
    {
        var tree = PartitionTree.Single(AreaAndId);
        Assert.Equal("root", tree.Root.Id);
        Assert.Same(tree.Root, Assert.Single(tree.Leaves));
        Assert.Equal(-1, tree.Root.Dimension);
        Assert.Equal(new Region([new("area", "", FieldValue.Null), new("id", long.MinValue, FieldValue.Null)]), tree.Root.Region);
    }

    [Theory]
    [InlineData("", "root")]
    [InlineData("m", "(1 2)")]
    [InlineData("b d", "((1 2) 3)")]
    [InlineData("b d f", "((1 2) (3 4))")]
    [InlineData("b d f h", "(((1 2) (3 4)) 5)")]
    [InlineData("b d f h j k", "(((1 2) (3 4)) ((5 6) 7))")]
    public void Split_points_are_paired_from_the_left_and_an_odd_last_one_is_carried_up(string points, string shape)
    {
        int next = 0;
        var tree = PartitionTree.FromSplitPoints(
            Key, [.. points.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(p => (FieldValue)p)], () => (++next).ToString());
        Assert.Equal(shape, Shape(tree, tree.Root));
        Assert.Equal("root", tree.Root.Id);
        Assert.Equal(points, string.Join(' ', tree.Leaves.Skip(1).Select(l => l.Region.Ranges[0].Min.AsString())));
        tree.RequireOrder(KeyOrder.Bytes);
    }

    [Fact]
    public void Every_key_has_the_one_leaf_that_contains_it()
    {
        int next = 0;
        FieldValue[] points = [.. Enumerable.Range(1, 99).Select(i => (FieldValue)(i * 10))];
        var schema = Schema.Create().RowKey("n", FieldType.Int).RowKey("b", FieldType.ByteArray).Build();
        var tree = PartitionTree.FromSplitPoints(schema, points, () => $"p{next++}");
        Assert.Equal(100, tree.Leaves.Count);
        for (int n = -5; n < 1010; n++)
        {
            FieldValue[] key = [n, new byte[] { 0xFF }];
            var leaf = tree.LeafOf(key, KeyOrder.Bytes);
            Assert.Same(Assert.Single(tree.Leaves, l => l.Region.Contains(key, KeyOrder.Bytes)), leaf);
        }
    }

    [Fact]
    public void Leaves_of_the_signed_byte_order_differ_from_those_of_the_unsigned()
    {
        var schema = Schema.Create().RowKey("key", FieldType.ByteArray).Build();
        var tree = PartitionTree.FromSplitPoints(schema, [new byte[] { 0x05, 0xFF }], NextId());
        foreach (string low in (string[])["", "80", "FF", "00", "05", "05FE", "0580"])
        {
            Assert.Same(tree.Leaves[0], tree.LeafOf([Convert.FromHexString(low)], KeyOrder.Java));
        }

        foreach (string high in (string[])["05FF", "0500", "06"])
        {
            Assert.Same(tree.Leaves[1], tree.LeafOf([Convert.FromHexString(high)], KeyOrder.Java));
        }

        Assert.Same(tree.Leaves[1], tree.LeafOf([new byte[] { 0x80 }], KeyOrder.Bytes));
        Assert.Same(tree.Leaves[0], tree.LeafOf([new byte[] { 0x05, 0x00 }], KeyOrder.Bytes));
    }

    [Fact]
    public void Split_points_out_of_order_are_refused_with_their_position() => Refused("Split point 2 of 3", "a", "c", "b");

    [Fact]
    public void Repeated_split_points_are_refused() => Refused("Split point 1 of 2", "a", "a");

    [Fact]
    public void Split_points_of_another_type_are_refused() => Refused("Split point 1 of 2 on row key 'key' is of kind Int", "a", 7);

    [Fact]
    public void The_smallest_value_is_no_split_point() => Refused("Split point 0 of 1", "");

    [Fact]
    public void Half_a_character_is_no_split_point() => Refused("surrogate", "\uD83D");

    [Fact]
    public void Split_points_are_ordered_by_utf8_not_by_utf16()
    {
        Assert.Equal(3, PartitionTree.FromSplitPoints(Key, ["\uFF5E", "😀"], NextId()).Leaves.Count);
        Refused("Split point 1 of 2", "😀", "\uFF5E");
    }

    [Fact]
    public void A_tree_in_javas_order_can_be_read_but_not_written_to_in_ours()
    {
        var schema = Schema.Create().RowKey("key", FieldType.ByteArray).Build();
        var everything = Region.Everything(schema);
        FieldValue high = new byte[] { 0x80 };
        FieldValue low = new byte[] { 0x05 };
        var tree = new PartitionTree(
        [
            new("root", null, ["a", "b"], everything, 0),
            new("a", "root", [], everything.With(0, Array.Empty<byte>(), low), -1),
            new("b", "root", ["c", "d"], everything.With(0, low, FieldValue.Null), 0),
            new("c", "b", [], everything.With(0, low, new byte[] { 0x07 }), -1),
            new("d", "b", [], everything.With(0, new byte[] { 0x07 }, FieldValue.Null), -1),
        ]);
        tree.RequireOrder(KeyOrder.Bytes);
        var signed = new PartitionTree(
        [
            new("root", null, ["a", "b"], everything, 0),
            new("a", "root", ["c", "d"], everything.With(0, Array.Empty<byte>(), low), 0),
            new("b", "root", [], everything.With(0, low, FieldValue.Null), -1),
            new("c", "a", [], everything.With(0, Array.Empty<byte>(), high), -1),
            new("d", "a", [], everything.With(0, high, low), -1),
        ]);
        signed.RequireOrder(KeyOrder.Java);
        Assert.Contains("'d'", Assert.Throws<ArgumentException>(() => signed.RequireOrder(KeyOrder.Bytes)).Message);
    }

    public static TheoryData<string, string> BrokenTrees => new()
    {
        { "none", "There are no partitions" },
        { "two roots", "2 partitions are without a parent" },
        { "no root", "there is no root" },
        { "same id", "Two partitions have the id 'low'" },
        { "missing child", "names the child 'nowhere'" },
        { "three children", "two children or none" },
        { "one child twice", "two children or none" },
        { "other parent", "whose parent is" },
        { "unreachable", "cannot be reached" },
        { "circle", "cannot be reached" },
        { "gap", "do not meet and fill it" },
        { "not filled", "do not meet and fill it" },
        { "other dimension narrowed", "do not meet and fill it" },
        { "dimension", "split on row key 2" },
        { "upside down", "above its maximum" },
        { "other row keys", "not of the same row keys" },
        { "mixed types", "not both of one type" },
    };

    [Theory]
    [MemberData(nameof(BrokenTrees))]
    public void What_is_no_tree_is_refused_by_name(string fault, string message)
    {
        var everything = Region.Everything(AreaAndId);
        var root = new Partition("root", null, ["low", "high"], everything, 0);
        var low = new Partition("low", "root", [], everything.With(0, "", "m"), -1);
        var high = new Partition("high", "root", [], everything.With(0, "m", FieldValue.Null), -1);
        Assert.Equal(2, new PartitionTree([root, low, high]).Leaves.Count);
        Partition[] partitions = fault switch
        {
            "none" => [],
            "two roots" => [root, low, high, root with { Id = "other", ChildIds = [] }],
            "no root" => [low, high],
            "same id" => [root, low, low],
            "missing child" => [root with { ChildIds = ["low", "nowhere"] }, low, high],
            "three children" => [root with { ChildIds = ["low", "high", "x"] }, low, high],
            "one child twice" => [root with { ChildIds = ["low", "low"] }, low, high],
            "other parent" => [root, low, high with { ParentId = "low" }],
            "unreachable" => [root, low, high, high with { Id = "lost" }],
            "circle" => [root, low, high, high with { Id = "a", ParentId = "b", ChildIds = ["b", "c"] }, high with { Id = "b", ParentId = "a", ChildIds = ["a", "c"] }],
            "gap" => [root, low, high with { Region = everything.With(0, "n", FieldValue.Null) }],
            "not filled" => [root, low, high with { Region = everything.With(0, "m", "z") }],
            "other dimension narrowed" => [root, low, high with { Region = high.Region.With(1, 5L, FieldValue.Null) }],
            "dimension" => [root with { Dimension = 2 }, low, high],
            "upside down" => [root, low with { Region = everything.With(0, "z", "m") }, high],
            "other row keys" => [root, low, high with { Region = new Region([high.Region.Ranges[0]]) }],
            "mixed types" => [root, low with { Region = everything.With(0, "", 3) }, high],
            _ => throw new InvalidOperationException(fault),
        };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new PartitionTree(partitions)).Message);
    }

    [Fact]
    public void A_tree_as_deep_as_it_has_leaves_is_walked()
    {
        var schema = Schema.Create().RowKey("n", FieldType.Int).Build();
        var everything = Region.Everything(schema);
        var partitions = new List<Partition>();
        const int Depth = 5_000;
        for (int i = 0; i < Depth; i++)
        {
            var region = everything.With(0, i == 0 ? int.MinValue : i, FieldValue.Null);
            string? parent = i == 0 ? null : $"n{i - 1}";
            partitions.Add(new Partition($"n{i}", parent, [$"l{i}", $"n{i + 1}"], region, 0));
            partitions.Add(new Partition($"l{i}", $"n{i}", [], everything.With(0, region.Ranges[0].Min, i + 1), -1));
        }

        partitions.Add(new Partition($"n{Depth}", $"n{Depth - 1}", [], everything.With(0, Depth, FieldValue.Null), -1));
        var tree = new PartitionTree(partitions);
        Assert.Equal(Depth + 1, tree.Leaves.Count);
        Assert.Equal("l77", tree.LeafOf([77], KeyOrder.Bytes).Id);
        Assert.Equal(78, tree.AncestorsOf("l77").Count());
    }

    private static void Refused(string message, params FieldValue[] points) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => PartitionTree.FromSplitPoints(Key, points, NextId())).Message);

    private static Func<string> NextId()
    {
        int next = 0;
        return () => $"p{next++}";
    }

    private static string Shape(PartitionTree tree, Partition partition) =>
        partition.IsLeaf ? partition.Id : $"({Shape(tree, tree[partition.ChildIds[0]])} {Shape(tree, tree[partition.ChildIds[1]])})";
}
