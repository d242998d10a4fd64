using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Support;
using LiveTable = Sleeper.Ingest.Core.Tests.Support.LiveTable;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <content>Items 39 to 46 as far as they are of partitions that are written here, and 7, 8 and 56.</content>
public sealed partial class LiveChecklistTests
{
    /// <summary>Split points of each key type, ascending by Java's order and by bytes.</summary>
    internal static IReadOnlyList<(FieldType Type, FieldValue[] Points)> KeyTypes { get; } =
    [
        (FieldType.Int, [int.MinValue + 1, -5, 0, int.MaxValue]),
        (FieldType.Long, [long.MinValue + 1, 0L, long.MaxValue]),
        (FieldType.String, ["\u0001", "a\"=<", "é\u2028", "\U0001F600"]),
        (FieldType.ByteArray, [new byte[] { 0x05 }, new byte[] { 0x05, 0x00 }, new byte[] { 0x05, 0x7F, 0x00 }]),
    ];

    [Fact]
    public async Task Item_07_a_table_is_opened_by_its_name_with_a_consistent_read_and_online_is_a_text()
    {
        var place = InProcessInstance.Load("01-deployed");
        using var instance = await place.OpenAsync();
        place.DynamoDb.ForgetCalls();
        await Table.OpenAsync(instance, "orders", Token);
        var query = Assert.Single(place.DynamoDb.Calls, c => c.Operation == "Query");
        Assert.Equal((InProcessInstance.NameIndex, true), ((string?)query.Request["TableName"], (bool)query.Request["ConsistentRead"]!));
        Assert.Equal("orders", (string?)query.Request["ExpressionAttributeValues"]!.AsObject().Single().Value!["S"]);

        foreach (var (online, expected) in new[] { ("true", true), ("false", false), ("True", false) })
        {
            place.DynamoDb.Put(InProcessInstance.NameIndex, new JsonObject { ["TableName"] = Text("t"), ["TableId"] = Text("00000001"), ["Online"] = Text(online) });
            using var client = place.DynamoDb.NewClient();
            var properties = InstanceProperties.Read(await PropertiesAsync(place), "x", anyVersion: false);
            Assert.Equal(expected, (await new TableIndex(client, properties).FindByNameAsync("t", Token))!.IsOnline);
        }

        static JsonObject Text(string text) => new() { ["S"] = text };
    }

    [Fact]
    public async Task Item_08_the_schemas_of_the_originals_tables_come_back_as_they_were()
    {
        foreach (string dump in (string[])["01-deployed", "05-jobs"])
        {
            var place = InProcessInstance.Load(dump);
            using var instance = await place.OpenAsync();
            int maps = 0;
            await foreach (string name in instance.ListTablesAsync(Token))
            {
                var properties = (await instance.FindTableAsync(null, name, Token))!;
                string theirs = properties.Text(TableProperty.Schema);
                Assert.True(JsonNode.DeepEquals(JsonNode.Parse(theirs), JsonNode.Parse(properties.Schema.ToJson())), theirs);
                Assert.DoesNotContain("\"nullable\":false", properties.Schema.ToJson().Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
                maps += properties.Schema.AllFields.Count(f => f.Type.Kind is FieldTypeKind.Map or FieldTypeKind.List);
            }

            Assert.NotEqual(0, maps);
        }
    }

    [Fact]
    public async Task Items_39_and_40_partitions_of_all_key_types_are_written_as_text_and_come_back()
    {
        foreach (var (type, points) in KeyTypes)
        {
            var schema = Schema.Create().RowKey("k", type).RowKey("long", FieldType.Long).Value("v", FieldType.Long).Build();
            var table = new LiveTable(schema);
            int next = 0;
            var tree = PartitionTree.ForInstance(schema, points, () => $"id-{next++}");
            using (var store = table.Open())
            {
                await store.InitialisePartitionsAsync(tree, Token);
            }

            using var reader = table.Open(2);
            var read = await reader.LoadPartitionsAsync(Token);
            Assert.Equal(tree.All.Select(p => (p.Id, p.ParentId, p.Region, p.Dimension)).OrderBy(p => p.Id), read.All.Select(p => (p.Id, p.ParentId, p.Region, p.Dimension)).OrderBy(p => p.Id));
            Assert.Equal(tree.Leaves.Select(l => l.Id), read.Leaves.Select(l => l.Id));

            string body = (string)table.DynamoDb.Items(LiveTable.PartitionsLog).Single()["BODY"]!["S"]!;
            Assert.Contains("\"long\":{\"min\":-9223372036854775808,", body, StringComparison.Ordinal);
            var region = JsonNode.Parse(body)!["partitions"]!.AsArray().Single(p => (string?)p!["partitionId"] == tree.Leaves[1].Id)!["region"]!;
            Assert.Equal(Written(points[0]), region["k"]!["min"]!.ToJsonString());
            Assert.Equal(Written(points[1]), region["k"]!["max"]!.ToJsonString());
            Assert.All(JsonNode.Parse(body)!["partitions"]!.AsArray(), p => Assert.False(p!["region"]!["long"]!.AsObject().ContainsKey("max")));
        }

        static string Written(FieldValue value) => value.Kind switch
        {
            FieldValueKind.String => JsonValue.Create(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.AsString()))).ToJsonString(),
            FieldValueKind.ByteArray => JsonValue.Create(Convert.ToBase64String(value.AsBytes().Span)).ToJsonString(),
            FieldValueKind.Int => $"{value.AsInt()}",
            _ => $"{value.AsLong()}",
        };
    }

    /// <summary>Members in another order, a minimum that is written otherwise, members that are not known: the same region, so the same tree.</summary>
    [Fact]
    public async Task Item_39_regions_are_compared_by_their_members()
    {
        var table = new LiveTable();
        table.PutOutside(
            LiveTable.PartitionsLog, 1, "INITIALISE_PARTITIONS",
            """{"partitions":[{"dimension":-1,"region":{"stringsBase64Encoded":true,"key":{"maxInclusive":false,"later":1,"max":null,"minInclusive":true,"min":""}},"childPartitionIds":[],"isLeafPartition":true,"partitionId":"root"}]}""");
        using var store = table.Open();
        var tree = await store.LoadPartitionsAsync(Token);
        Assert.Equal(PartitionTree.Single(TableFixture.TableSchema).Root.Region, tree.Root.Region);
        var attempt = await store.BeginAttemptAsync("id", Token);
        Assert.Equal(1, (await store.CommitAsync(attempt, table.Commit(attempt, partitionId: "root"), Token)).TransactionNumber);
    }

    [Fact]
    public async Task Item_42_text_goes_by_UTF16_units()
    {
        // By units a character beyond U+FFFF begins with D8.., below U+E000; by code points or bytes it comes last.
        var table = new LiveTable();
        using var store = table.Open();
        int next = 0;
        await store.InitialisePartitionsAsync(PartitionTree.ForInstance(TableFixture.TableSchema, ["\ue000"], () => $"id-{next++}"), Token);
        var tree = await store.LoadPartitionsAsync(Token);
        foreach (var (key, leaf) in new[] { ("🚀", 0), ("\U0010ffff", 0), ("\ud7ff", 0), ("a", 0), ("", 0), ("\ue000", 1), ("\uff5e", 1), ("\uffff🚀", 1) })
        {
            Assert.Equal(tree.Leaves[leaf].Id, tree.LeafOf([key], KeyOrder.Java).Id);
        }

        Assert.Equal(tree.Leaves[1].Id, tree.LeafOf(["🚀"], KeyOrder.Bytes).Id);
    }

    [Fact]
    public async Task Item_46_a_tree_of_split_points_has_one_leaf_more_and_is_paired_from_the_left()
    {
        for (int count = 0; count <= 9; count++)
        {
            var table = new LiveTable(Schema.Create().RowKey("k", FieldType.Int).Build());
            using var store = table.Open();
            FieldValue[] points = [.. Enumerable.Range(1, count).Select(i => (FieldValue)(10 * i))];
            await store.InitialisePartitionsAsync(PartitionTree.ForInstance(table.Identity.Schema, points, () => Guid.NewGuid().ToString()), Token);
            var tree = await store.LoadPartitionsAsync(Token);

            // The plain model: neighbours are joined until one is left; an odd last one is carried up.
            var level = Enumerable.Range(0, count + 1).Select(i => $"{i}").ToList();
            while (level.Count > 1)
            {
                level = [.. level.Chunk(2).Select(pair => pair.Length == 2 ? $"({pair[0]} {pair[1]})" : pair[0])];
            }

            Assert.Equal(count + 1, tree.Leaves.Count);
            Assert.Equal(level[0], Shape(tree, tree.Root));
            Assert.Equal(count == 0, tree.Root.Id == "root");
        }

        static string Shape(PartitionTree tree, Partition partition) =>
            partition.IsLeaf ? $"{tree.Leaves.ToList().FindIndex(l => l.Id == partition.Id)}" : $"({Shape(tree, tree[partition.ChildIds[0]])} {Shape(tree, tree[partition.ChildIds[1]])})";
    }

    /// <summary>End to end: half of the keys are refused, with a reason; each other one is read on the leaf where it was put, and nowhere else.</summary>
    [Theory]
    [InlineData(0x40)]
    [InlineData(0xC0)]
    public async Task Item_56_128_of_256_keys_of_one_byte_are_refused_and_the_others_found_on_their_leaf(byte split)
    {
        var place = InProcessInstance.Load("01-deployed");
        using var instance = await place.OpenAsync();
        var schema = Schema.Create().RowKey("key", FieldType.ByteArray).Build();
        var table = await Table.CreateAsync(instance, "bytes", schema, [FieldValue.FromBytes(new[] { split })], cancellationToken: Token);
        var refused = new List<RowError>();
        await using (var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("bytes").WithMemoryBudget(16 << 20).WithRowErrors(refused.Add).OpenAsync(Token))
        {
            await writer.WriteAsync(Enumerable.Range(0, 256).Select(b => new Row(schema, FieldValue.FromBytes(new[] { (byte)b }))), Token);
            Assert.Equal((128L, 128L), await writer.CompleteAsync(Token) is var result ? (result.RowCount, result.RejectedRowCount) : default);
        }

        Assert.Equal(128, refused.Count);
        Assert.All(refused, r => Assert.Contains("Java's order", r.Reason, StringComparison.Ordinal));
        var leaves = (await table.DescribeAsync(Token)).Leaves;
        Assert.Equal([64L, 64L], leaves.Select(l => l.RowCount));
        var found = await LiveRows.ReadAsync(table.ReadAsync(Token));
        Assert.Equal(128, found.Distinct().Count());
        Assert.Empty(found.Intersect(refused.Select(r => $"base64 {Convert.ToBase64String(r.Value.AsBytes().Span)}")));
    }

    private static async Task<ReadOnlyMemory<byte>> PropertiesAsync(InProcessInstance place)
    {
        using var s3 = place.S3.NewClient();
        using var found = await s3.GetObjectAsync(InProcessInstance.ConfigBucketName, InstanceProperties.Path, Token);
        using var bytes = new MemoryStream();
        await found.ResponseStream.CopyToAsync(bytes, Token);
        return bytes.ToArray();
    }
}
