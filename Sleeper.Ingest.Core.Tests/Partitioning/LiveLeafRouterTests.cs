using System.Text.Json;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Partitioning;

/// <summary>Rows of a live table: the leaf by Java's order, if that leaf holds the row in the order of bytes too; else none.</summary>
public sealed class LiveLeafRouterTests
{
    private static readonly string[] Characters = ["a", "z", "\u0001", "é", "\u07ff", "\ud7ff", "\ue000", "\uefff", "\uf000", "\uff5e", "\uffff", "🚀", "\U0010ffff"];
    private static readonly byte[] Bytes = [0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0x81, 0x82, 0xfe, 0xff];

    [Theory]
    [InlineData(KeyOrder.Bytes)]
    [InlineData(KeyOrder.Java)]
    internal void A_row_has_the_leaf_of_a_plain_model_or_none(KeyOrder order)
    {
        int refused = 0;
        int inverted = 0;
        int several = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var schema = SchemaOf(random);
            var tree = TreeOf(random, schema);
            var router = new LeafRouter(schema, tree, order, isLive: true);
            inverted += tree.IsInOrder(KeyOrder.Bytes) ? 0 : 1;
            several += tree.All.Any(p => p.Dimension > 0) ? 1 : 0;
            for (int i = 0; i < 60; i++)
            {
                var rowKey = RowKeyOf(random, schema, tree);
                var leaf = tree.LeafOf(rowKey, KeyOrder.Java);
                bool isFound = leaf.Region.Contains(rowKey, KeyOrder.Bytes);
                refused += isFound ? 0 : 1;

                var (position, fault) = Route(router, schema, order, rowKey);

                string what = $"seed {seed}, key ({string.Join(", ", rowKey)}), leaf {leaf.Region}";
                Assert.True((isFound ? leaf.Id : null) == (position < 0 ? null : tree.Leaves[position].Id), what);
                Assert.True(isFound == fault is null, what);
                if (fault is not null)
                {
                    int field = schema.IndexOf(fault.FieldName!);
                    Assert.False(leaf.Region.Ranges[field].Contains(rowKey[field], KeyOrder.Bytes), what);
                    Assert.Contains($"'{leaf.Id}'", fault.Reason, StringComparison.Ordinal);
                    Assert.Equal(rowKey[field], fault.Value);
                }
            }
        }

        Assert.InRange(refused, 100, 20_000);
        Assert.InRange(inverted, 20, 380);
        Assert.InRange(several, 20, 380);
    }

    /// <summary>The original routes all of these, and its query finds half of them again: those that are taken here, on the leaf where it finds them.</summary>
    [Fact]
    public void Item_56_of_256_keys_of_one_byte_the_128_that_a_query_of_the_original_finds_are_taken()
    {
        var schema = Schema.Create().RowKey("key", FieldType.ByteArray).Build();
        using var fixture = JsonDocument.Parse(File.ReadAllText(RepositoryFolder.Combine("Sleeper.Ingest.Core.Tests", "Fixtures", "requests", "byte-array-row-keys.json")));
        Assert.Equal(4, fixture.RootElement.GetArrayLength());
        foreach (var original in fixture.RootElement.EnumerateArray())
        {
            byte[] split = Convert.FromHexString(original.GetProperty("split").GetString()!);
            var tree = PartitionTree.FromSplitPoints(schema, [FieldValue.FromBytes(split)], NewId);
            var router = new LeafRouter(schema, tree, KeyOrder.Bytes, isLive: true);

            var found = Enumerable.Range(0, 256).ToLookup(b => Route(router, schema, KeyOrder.Bytes, [FieldValue.FromBytes(new[] { (byte)b })]).Leaf);

            Assert.Equal(128, found[-1].Count());
            Assert.Equal(Keys(original, "L"), found[0]);
            Assert.Equal(Keys(original, "R"), found[1]);
        }

        static IEnumerable<int> Keys(JsonElement original, string leaf) =>
            original.GetProperty("keysFromQuery").GetProperty(leaf).GetString()!.Split(' ').Select(hex => Convert.ToInt32(hex, 16));
    }

    [Fact]
    public void Nothing_is_checked_where_the_orders_cannot_differ()
    {
        var numbers = Schema.Create().RowKey("a", FieldType.Long).RowKey("text", FieldType.String).Build();
        var text = Schema.Create().RowKey("text", FieldType.String).Build();

        Assert.False(new LeafRouter(numbers, PartitionTree.FromSplitPoints(numbers, [1L, 2L], NewId), KeyOrder.Bytes, isLive: true).CanRefuse);
        Assert.False(new LeafRouter(text, PartitionTree.Single(text), KeyOrder.Bytes, isLive: true).CanRefuse);
        Assert.False(new LeafRouter(text, PartitionTree.FromSplitPoints(text, ["m"], NewId), KeyOrder.Bytes).CanRefuse);
        Assert.True(new LeafRouter(text, PartitionTree.FromSplitPoints(text, ["m"], NewId), KeyOrder.Bytes, isLive: true).CanRefuse);
    }

    private static string NewId() => Guid.NewGuid().ToString();

    private static Schema SchemaOf(Random random)
    {
        FieldType[] types = [FieldType.String, FieldType.ByteArray, FieldType.Int, FieldType.Long];
        var builder = Schema.Create().RowKey("k0", types[random.Next(2)]);
        for (int i = 1; i <= random.Next(3); i++)
        {
            builder = builder.RowKey($"k{i}", types[random.Next(types.Length)]);
        }

        return builder.Build();
    }

    /// <summary>Splits leaves again and again at values inside of them by Java's order, as the Java system does.</summary>
    private static PartitionTree TreeOf(Random random, Schema schema)
    {
        var partitions = new Dictionary<string, Partition> { ["root"] = PartitionTree.Single(schema).Root };
        int splits = random.Next(8);
        for (int i = 0; i < splits; i++)
        {
            var leaves = partitions.Values.Where(p => p.IsLeaf).OrderBy(p => p.Id, StringComparer.Ordinal).ToList();
            var leaf = leaves[random.Next(leaves.Count)];
            int dimension = random.Next(3) == 0 ? random.Next(schema.RowKeyFields.Count) : 0;
            var range = leaf.Region.Ranges[dimension];
            var point = ValueOf(random, schema.RowKeyFields[dimension].Type);
            if (KeyValueOrder.Compare(range.Min, point, KeyOrder.Java) >= 0 || (!range.Max.IsNull && KeyValueOrder.Compare(point, range.Max, KeyOrder.Java) >= 0))
            {
                continue;
            }

            partitions[leaf.Id] = leaf with { ChildIds = [$"{i}l", $"{i}h"], Dimension = dimension };
            partitions[$"{i}l"] = new Partition($"{i}l", leaf.Id, [], leaf.Region.With(dimension, range.Min, point), -1);
            partitions[$"{i}h"] = new Partition($"{i}h", leaf.Id, [], leaf.Region.With(dimension, point, range.Max), -1);
        }

        return new PartitionTree(partitions.Values);
    }

    private static FieldValue[] RowKeyOf(Random random, Schema schema, PartitionTree tree)
    {
        var key = schema.RowKeyFields.Select(f => ValueOf(random, f.Type)).ToArray();
        if (random.Next(3) == 0)
        {
            // At a border, or just beside one.
            var range = tree.Leaves[random.Next(tree.Leaves.Count)].Region.Ranges[0];
            key[0] = random.Next(2) == 0 ? range.Min : range.Max.IsNull ? range.Min : range.Max;
        }

        return key;
    }

    private static FieldValue ValueOf(Random random, FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => random.Next(-3, 4),
        FieldTypeKind.Long => (long)random.Next(-3, 4),
        FieldTypeKind.String => string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => Characters[random.Next(Characters.Length)])),
        _ => FieldValue.FromBytes(Enumerable.Range(0, random.Next(4)).Select(_ => Bytes[random.Next(Bytes.Length)]).ToArray()),
    };

    private static unsafe (int Leaf, RowFault? Fault) Route(LeafRouter router, Schema schema, KeyOrder order, FieldValue[] rowKey)
    {
        using var batch = new RowBatch(new MemoryBudget(1 << 24), 1 << 16, 16);
        Assert.Null(new RowEncoder(schema, order, new RowLimits()).Encode(new Row(schema, rowKey), batch));
        int leaf = router.Route(batch.CurrentKey, batch.CurrentKeyBytes);
        return (leaf, leaf < 0 ? router.ExplainRefusal(batch.CurrentKey, batch.CurrentKeyBytes) : null);
    }
}
