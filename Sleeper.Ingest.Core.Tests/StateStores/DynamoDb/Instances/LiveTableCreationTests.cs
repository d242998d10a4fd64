using System.Text.Json.Nodes;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Tables made in an instance, compared with those that the original made in it.</summary>
public sealed class LiveTableCreationTests
{
    private static readonly Lazy<Task<LiveInstanceDump>> Deployed = new(() => LiveInstanceDump.LoadAsync("01-deployed"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("orders")]
    [InlineData("events")]
    public async Task A_table_made_after_the_model_of_one_of_the_original_is_like_it(string model)
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var theirs = await Table.OpenAsync(instance, model, Token);
        var leaves = (await theirs.DescribeAsync(Token)).Leaves;
        FieldValue[] points = [.. leaves.Skip(1).Select(l => l.Region.Ranges[0].Min)];
        var extra = new Dictionary<string, string> { ["sleeper.table.ingest.row.batch.type"] = "arrow", ["of.mine"] = "kept: = #" };

        var table = await Table.CreateAsync(instance, "like " + model, theirs.Schema, points, extra, Token);

        Assert.Equal(theirs.Schema, table.Schema);
        string id = await IdAsync(live, "like " + model);
        Assert.Matches("^[0-9a-f]{8}$", id);
        using var client = live.Aws.NewDynamoDbClient();
        foreach (var (suffix, key) in (IEnumerable<(string, Dictionary<string, AttributeValue>)>)
        [
            ("table-index-by-name", new() { ["TableName"] = new("like " + model) }),
            ("table-index-by-id", new() { ["TableId"] = new(id) }),
            ("table-index-by-online", new() { ["Online"] = new("true"), ["TableName"] = new("like " + model) }),
        ])
        {
            var item = (await client.GetItemAsync(live.DynamoDbTable(suffix), key, Token)).Item;
            Assert.Equal(["Online=true", $"TableId={id}", $"TableName=like {model}"], item.Select(a => $"{a.Key}={a.Value.S}").Order(StringComparer.Ordinal));
        }

        using var s3 = live.Aws.NewS3Client();
        using var found = await s3.GetObjectAsync(live.ConfigBucket, LiveTableProperties.PathOf(id), Token);
        string text = await new StreamReader(found.ResponseStream).ReadToEndAsync(Token);
        Assert.Matches("^#\n#[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} UTC [0-9]{4}\n", text);
        var properties = PropertiesText.Read(text);
        Assert.Equal(["of.mine", "sleeper.table.id", "sleeper.table.ingest.row.batch.type", "sleeper.table.name", "sleeper.table.schema"], properties.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("kept: = #", properties["of.mine"]);

        var entry = (await client.GetItemAsync(
            live.DynamoDbTable("partition-transaction-log"),
            new Dictionary<string, AttributeValue> { ["TABLE_ID"] = new(id), ["TRANSACTION_NUMBER"] = new() { N = "1" } },
            Token)).Item;
        Assert.Equal(["BODY", "TABLE_ID", "TRANSACTION_NUMBER", "TYPE", "UPDATE_TIME"], entry.Keys.Order(StringComparer.Ordinal));
        var real = JsonNode.Parse(live.Expected(model, "transactions/partitions-1.json"))!;
        Assert.Equal(real["type"]!.GetValue<string>(), entry["TYPE"].S);
        Assert.Equal(Shape(real["body"]!), Shape(JsonNode.Parse(entry["BODY"].S)!));
        Assert.Equal(points.Length == 0, entry["BODY"].S.Contains("\"root\"", StringComparison.Ordinal));

        var rows = LiveRows.Make(table.Schema, 50, seed: 2);
        await LiveInstanceTests.IngestAsync(instance, "like " + model, rows);
        Assert.Equal([.. rows.Select(LiveRows.Text).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(Token)));
        await Assert.ThrowsAsync<TableExistsException>(() => Table.CreateAsync(instance, "like " + model, theirs.Schema, cancellationToken: Token));
        Assert.Equal(50, (await table.DescribeAsync(Token)).RowCount);
    }

    [Fact]
    public async Task A_table_whose_making_broke_off_before_its_partitions_is_made_to_its_end()
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("k", FieldType.Long).Build();
        await Table.CreateAsync(instance, "half", schema, [1L], cancellationToken: Token);
        string id = await IdAsync(live, "half");
        using var client = live.Aws.NewDynamoDbClient();
        await client.DeleteItemAsync(
            live.DynamoDbTable("partition-transaction-log"),
            new Dictionary<string, AttributeValue> { ["TABLE_ID"] = new(id), ["TRANSACTION_NUMBER"] = new() { N = "1" } },
            Token);

        var error = await Assert.ThrowsAnyAsync<Exception>(() => LiveInstanceTests.IngestAsync(instance, "half", []));
        await Assert.ThrowsAsync<TableExistsException>(
            () => Table.CreateAsync(instance, "half", Schema.Create().RowKey("k", FieldType.Int).Build(), cancellationToken: Token));
        var table = await Table.CreateAsync(instance, "half", schema, [1L, 2L], cancellationToken: Token);

        Assert.Contains("has no partitions", error.Message, StringComparison.Ordinal);
        Assert.Equal(id, await IdAsync(live, "half"));
        Assert.Equal(3, (await table.DescribeAsync(Token)).Leaves.Count);
    }

    [Fact]
    public async Task What_cannot_be_a_table_is_refused_before_anything_is_written()
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("k", FieldType.ByteArray).Build();
        FieldValue[] unordered = [new byte[] { 0x40 }, new byte[] { 0xC0 }];
        var lzo = new Dictionary<string, string> { ["sleeper.table.parquet.compression.codec"] = "lzo" };

        var order = await Assert.ThrowsAsync<ArgumentException>(() => Table.CreateAsync(instance, "no", schema, unordered, cancellationToken: Token));
        var property = await Assert.ThrowsAsync<UnsupportedTableException>(() => Table.CreateAsync(instance, "no", schema, properties: lzo, cancellationToken: Token));

        Assert.Contains("Java's order", order.Message, StringComparison.Ordinal);
        Assert.Contains("'lzo'", property.Message, StringComparison.Ordinal);
        Assert.Equal(["events", "flights", "orders"], (await instance.ListTablesAsync(Token).ToListAsync(Token)).Order(StringComparer.Ordinal));
        using var s3 = live.Aws.NewS3Client();
        Assert.Equal(4, (await s3.ListObjectsV2Async(new() { BucketName = live.ConfigBucket }, Token)).S3Objects.Count);
    }

    [Fact]
    public async Task An_offline_table_is_indexed_as_such_and_written_all_the_same()
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("k", FieldType.Long).Build();

        await Table.CreateAsync(instance, "offline", schema, properties: new Dictionary<string, string> { ["sleeper.table.online"] = "false" }, cancellationToken: Token);
        var result = await LiveInstanceTests.IngestAsync(instance, "offline", LiveRows.Make(schema, 3, seed: 1));

        Assert.Equal(3, result.RowCount);
        using var client = live.Aws.NewDynamoDbClient();
        var key = new Dictionary<string, AttributeValue> { ["Online"] = new("false"), ["TableName"] = new("offline") };
        Assert.NotEmpty((await client.GetItemAsync(live.DynamoDbTable("table-index-by-online"), key, Token)).Item);
    }

    [Fact]
    public void Of_two_who_make_one_table_at_once_the_ids_differ_by_chance_only()
    {
        var schema = Schema.Create().RowKey("k", FieldType.String).Build();
        int next = 0;
        var tree = PartitionTree.ForInstance(schema, ["b", "d", "f"], () => $"p{next++}");

        Assert.Equal(7, tree.All.Count);
        Assert.DoesNotContain(tree.All, p => p.Id == "root");
        Assert.Equal("root", PartitionTree.ForInstance(schema, [], () => "x").Root.Id);
        Assert.Throws<ArgumentException>(() => PartitionTree.ForInstance(schema, ["🚀", "\uff5e"], () => $"q{next++}"));
        Assert.Throws<ArgumentException>(() => PartitionTree.ForInstance(schema, ["\uff5e", "🚀"], () => $"r{next++}"));
    }

    private static async Task<string> IdAsync(LiveInstanceDump live, string name)
    {
        using var client = live.Aws.NewDynamoDbClient();
        return (await client.GetItemAsync(live.DynamoDbTable("table-index-by-name"), new Dictionary<string, AttributeValue> { ["TableName"] = new(name) }, Token)).Item["TableId"].S;
    }

    /// <summary>The tree without ids: regions by their members, dimensions, children in order.</summary>
    private static string Shape(JsonNode body)
    {
        var byId = body["partitions"]!.AsArray().ToDictionary(p => p!["partitionId"]!.GetValue<string>(), p => p!.AsObject(), StringComparer.Ordinal);
        return ShapeOf(byId.Values.Single(p => !p.ContainsKey("parentPartitionId")));

        string ShapeOf(JsonObject partition)
        {
            string members = string.Join(",", partition.Select(m => m.Key).Order(StringComparer.Ordinal));
            string region = string.Join(";", partition["region"]!.AsObject().OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Value is JsonObject range
                ? $"{m.Key}[{string.Join(",", range.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}={r.Value?.ToJsonString()}"))}]"
                : $"{m.Key}={m.Value!.ToJsonString()}"));
            return $"({members} {region} {partition["dimension"]} {partition["isLeafPartition"]} "
                + $"{string.Concat(partition["childPartitionIds"]!.AsArray().Select(c => ShapeOf(byId[c!.GetValue<string>()])))})";
        }
    }
}
