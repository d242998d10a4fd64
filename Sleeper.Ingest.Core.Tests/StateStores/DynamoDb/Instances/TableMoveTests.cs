using System.Text.Json.Nodes;
using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Own tables moved into an instance.</summary>
public sealed class TableMoveTests
{
    private static readonly Lazy<Task<LiveInstanceDump>> Deployed = new(() => LiveInstanceDump.LoadAsync("01-deployed"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FileWritingStrategy.OneFilePerLeaf)]
    [InlineData(FileWritingStrategy.OneReferencePerLeaf)]
    public async Task Item_51_one_entry_of_partitions_and_one_of_files_say_what_the_own_table_had(FileWritingStrategy strategy)
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("key", FieldType.String).SortKey("n", FieldType.Long).Value("v", FieldType.Int, nullable: true).Build();
        var store = new InMemoryObjectStore();
        var own = await Table.CreateAsync(store, "mine", schema, ["g", "p"], Token);
        var rows = LiveRows.Make(schema, 90, seed: 4);
        await IngestAsync(store, strategy, rows[..50]);
        await IngestAsync(store, strategy, rows[50..]);
        string name = $"moved {strategy}";

        var moved = await own.MoveToAsync(instance, name, Token);
        var again = await own.MoveToAsync(instance, name, Token);

        Assert.Equal([.. rows.Select(LiveRows.Text).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(moved.ReadAsync(Token)));
        var (ours, theirs) = (await own.DescribeAsync(Token), await again.DescribeAsync(Token));
        Assert.Equal(ours.Leaves, theirs.Leaves);
        var partitions = await EntriesAsync(live, "partition", name);
        var files = await EntriesAsync(live, "file", name);
        Assert.Equal("INITIALISE_PARTITIONS", Assert.Single(partitions)["TYPE"].S);
        Assert.Equal("ADD_FILES", Assert.Single(files)["TYPE"].S);
        var body = JsonNode.Parse(files[0]["BODY"].S)!.AsObject();
        Assert.Equal(["files"], body.Select(m => m.Key));
        Assert.Equal(ours.FileCount, body["files"]!.AsArray().Count);
        using var s3 = live.Aws.NewS3Client();
        foreach (var file in body["files"]!.AsArray())
        {
            string fileName = file!["filename"]!.GetValue<string>();
            Assert.StartsWith($"s3a://{live.DataBucket}/", fileName, StringComparison.Ordinal);
            await s3.GetObjectMetadataAsync(live.DataBucket, fileName.Split('/', 4)[3].Replace(".parquet", ".sketches", StringComparison.Ordinal), Token);
        }

        await Assert.ThrowsAsync<TableExistsException>(() => own.MoveToAsync(instance, "orders", Token));
    }

    /// <summary>By bytes U+FF5E is below U+1F600, for Java above it: that split point goes, its leaves become one, and their rows are ingested again.</summary>
    [Fact]
    public async Task Leaves_on_which_the_orders_disagree_are_ingested_again()
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("v", FieldType.Long).Build();
        var store = new InMemoryObjectStore();
        var own = await Table.CreateAsync(store, "mine", schema, ["m", "\uff5e"], Token);
        List<Row> rows = [.. Enumerable.Range(0, 40).Select(i => new Row(schema, i % 4 == 0 ? $"🚀{i}" : i % 4 == 1 ? $"z{i}" : $"a{i}", (long)i))];
        await IngestAsync(store, FileWritingStrategy.OneFilePerLeaf, rows);

        var moved = await own.MoveToAsync(instance, "moved by two orders", Token);

        Assert.Equal([.. rows.Select(LiveRows.Text).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(moved.ReadAsync(Token)));
        var leaves = (await moved.DescribeAsync(Token)).Leaves;
        Assert.Equal(["", "m"], leaves.Select(l => l.Region.Ranges[0].Min.AsString()));
        Assert.Equal([20L, 20L], leaves.Select(l => l.RowCount));
        Assert.Equal(2, (await EntriesAsync(live, "file", "moved by two orders")).Count);
    }

    [Fact]
    public async Task Files_that_the_instances_programs_cannot_read_are_ingested_again()
    {
        var live = await Deployed.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("key", FieldType.Long).Value("v", FieldType.Long).Build();
        var store = new InMemoryObjectStore();
        var own = await Table.CreateAsync(store, "mine", schema, cancellationToken: Token);
        var rows = LiveRows.Make(schema, 30, seed: 9);
        await using (var writer = await IngestFactory.Create().UseObjectStore(store).WithTable("mine").WithCompression(DataFileCodec.Brotli).OpenAsync(Token))
        {
            await writer.WriteAsync(rows, Token);
            await writer.CompleteAsync(Token);
        }

        var moved = await own.MoveToAsync(instance, "moved from brotli", Token);

        Assert.Equal([.. rows.Select(LiveRows.Text).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(moved.ReadAsync(Token)));
        var entry = Assert.Single(await EntriesAsync(live, "file", "moved from brotli"));
        string file = JsonNode.Parse(entry["BODY"].S)!["files"]![0]!["filename"]!.GetValue<string>();
        using var written = await LiveInstanceTests.OpenFileAsync(live, file);
        Assert.All(written.Metadata.RowGroups.SelectMany(g => g.Columns), c => Assert.Equal("Zstd", c.Metadata!.Codec.ToString()));
    }

    private static async Task IngestAsync(InMemoryObjectStore store, FileWritingStrategy strategy, IEnumerable<Row> rows)
    {
        await using var writer = await IngestFactory.Create().UseObjectStore(store).WithTable("mine").WithFileStrategy(strategy).OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        await writer.CompleteAsync(Token);
    }

    private static async Task<List<Dictionary<string, AttributeValue>>> EntriesAsync(LiveInstanceDump live, string log, string tableName)
    {
        using var client = live.Aws.NewDynamoDbClient();
        var found = await client.GetItemAsync(live.DynamoDbTable("table-index-by-name"), new Dictionary<string, AttributeValue> { ["TableName"] = new(tableName) }, Token);
        var answer = await client.QueryAsync(
            new QueryRequest
            {
                TableName = live.DynamoDbTable($"{log}-transaction-log"),
                KeyConditionExpression = "TABLE_ID = :id",
                ExpressionAttributeValues = new() { [":id"] = found.Item["TableId"] },
            },
            Token);
        return answer.Items ?? [];
    }
}
