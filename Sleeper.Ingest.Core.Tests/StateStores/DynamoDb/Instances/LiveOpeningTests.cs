using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.S3;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>What opening an instance and its tables costs, what it refuses, and which rows a live table refuses.</summary>
public sealed class LiveOpeningTests
{
    private static readonly Lazy<Task<LiveInstanceDump>> Snapshotted = new(() => LiveInstanceDump.LoadAsync("04-snapshotted"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("My.Inst", "111122223333", "sleeper-my-inst-config-111122223333")]
    [InlineData("demo", "123456789012", "sleeper-demo-config-123456789012")]
    public void Item_2_the_config_buckets_name(string id, string account, string expected)
    {
        Assert.Equal(expected, ConfigBucket.NameOf(id, account));
        Assert.True(ConfigBucket.IsBucketName(expected));
        Assert.False(ConfigBucket.IsBucketName(id));
    }

    [Fact]
    public async Task An_instance_is_found_by_its_id_with_the_account_given_or_asked_for()
    {
        var live = await Snapshotted.Value;
        var given = LiveInstanceTests.OptionsOf(live) with { AccountId = AwsEmulator.Account };
        var asked = LiveInstanceTests.OptionsOf(live) with { SecurityTokenConfig = new() { ServiceURL = live.Aws.ServiceUrl, AuthenticationRegion = AwsEmulator.Region } };

        using var first = await SleeperInstance.OpenAsync(live.InstanceId, given, Token);
        using var second = await SleeperInstance.OpenAsync(live.InstanceId, asked, Token);

        Assert.Equal(live.ConfigBucket, first.ConfigBucket);
        Assert.Equal(live.ConfigBucket, second.ConfigBucket);
        Assert.Equal((live.InstanceId, live.DataBucket), (first.Id, first.DataBucket));
        Assert.Equal("0.36.2-SNAPSHOT", first.Properties["sleeper.version"]);
    }

    [Fact]
    public async Task Opening_a_table_with_snapshots_for_writing_takes_five_requests_and_an_ingest_one_put_of_each_thing()
    {
        var live = await Snapshotted.Value;
        var counted = new CountedRequests();
        var s3 = live.Aws.NewS3Config();
        s3.HttpClientFactory = counted;
        var dynamoDb = live.Aws.NewDynamoDbConfig();
        dynamoDb.HttpClientFactory = counted;
        using var instance = await SleeperInstance.OpenAsync(
            live.ConfigBucket, new SleeperInstanceOptions { Credentials = AwsEmulator.Credentials, S3Config = s3, DynamoDbConfig = dynamoDb }, Token);
        Assert.Equal([$"GET /{live.ConfigBucket}/instance.properties"], counted.Requests);
        counted.Forget();

        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders").OpenAsync(Token);

        string number = JsonNode.Parse(live.Expected("orders", "table.json"))!["lastPartitionsTransaction"]!.ToJsonString();
        Assert.Equal(
            [
                $"Query {live.DynamoDbTable("table-index-by-name")}",
                $"GET /{live.ConfigBucket}/tables/table-0a1b2c3d.properties",
                $"Query {live.DynamoDbTable("transaction-log-latest-snapshots")}",
                $"GET /{live.DataBucket}/0a1b2c3d/statestore/snapshots/{number}-partitions.arrow",
                $"Query {live.DynamoDbTable("partition-transaction-log")}",
            ],
            counted.Requests);
        counted.Forget();

        await writer.WriteAsync(LiveRows.Make(await SchemaAsync(instance), 20, seed: 1), Token);
        var result = await writer.CompleteAsync(Token);

        // The original reads its whole state before it puts; here the last number is enough.
        Assert.Single(result.Files);
        Assert.Equal(2, counted.Requests.Count(r => r.StartsWith("PUT ", StringComparison.Ordinal)));
        Assert.Single(counted.Requests, r => r == $"PutItem {live.DynamoDbTable("file-transaction-log")}");
        Assert.True(counted.Requests.Count <= 8, string.Join("\n", counted.Requests));
    }

    /// <summary>Entries are as many as DynamoDB keeps them: an ingest with an id of its own reads none of the 100,000.</summary>
    [Fact]
    public async Task With_100_000_entries_and_a_snapshot_opening_takes_no_more_requests()
    {
        var live = await Snapshotted.Value;
        var dynamoDb = new InProcessDynamoDb();
        dynamoDb.AddTable(live.DynamoDbTable("table-index-by-name"), "TableName");
        dynamoDb.AddTable(live.DynamoDbTable("file-transaction-log"), "TABLE_ID", "TRANSACTION_NUMBER");
        dynamoDb.AddTable(live.DynamoDbTable("partition-transaction-log"), "TABLE_ID", "TRANSACTION_NUMBER");
        dynamoDb.AddTable(live.DynamoDbTable("transaction-log-latest-snapshots"), "TABLE_ID");
        dynamoDb.Put(live.DynamoDbTable("table-index-by-name"), Item(("TableName", "orders"), ("TableId", "0a1b2c3d"), ("Online", "true")));
        string snapshots = $"s3a://{live.DataBucket}/0a1b2c3d/statestore/snapshots";
        int partitionsNumber = JsonNode.Parse(live.Expected("orders", "table.json"))!["lastPartitionsTransaction"]!.GetValue<int>();
        var latest = Item(
            ("TABLE_ID", "0a1b2c3d"), ("FILES_SNAPSHOT_PATH", $"{snapshots}/5-files.arrow"), ("PARTITIONS_SNAPSHOT_PATH", $"{snapshots}/{partitionsNumber}-partitions.arrow"));
        latest["FILES_TRANSACTION_NUMBER"] = Number(5);
        latest["PARTITIONS_TRANSACTION_NUMBER"] = Number(partitionsNumber);
        latest["UPDATE_TIME"] = Number(1);
        dynamoDb.Put(live.DynamoDbTable("transaction-log-latest-snapshots"), latest);
        for (int number = 1; number <= 100_000; number++)
        {
            var entry = Item(("TABLE_ID", "0a1b2c3d"), ("TYPE", "CLEAR_FILES"), ("BODY", "{}"));
            entry["TRANSACTION_NUMBER"] = Number(number);
            entry["UPDATE_TIME"] = Number(number);
            dynamoDb.Put(live.DynamoDbTable("file-transaction-log"), entry);
        }

        var counted = new CountedRequests();
        var s3 = live.Aws.NewS3Config();
        s3.HttpClientFactory = counted;
        using var client = dynamoDb.NewClient();
        using var instance = await SleeperInstance.OpenAsync(
            live.ConfigBucket, new SleeperInstanceOptions { Credentials = AwsEmulator.Credentials, S3Config = s3, DynamoDbClient = client }, Token);
        counted.Forget();

        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders").OpenAsync(Token);
        int opening = counted.Requests.Count + dynamoDb.Calls.Count;
        await writer.WriteAsync(LiveRows.Make(await SchemaAsync(instance), 20, seed: 1), Token);
        var result = await writer.CompleteAsync(Token);

        Assert.InRange(opening, 1, 6);
        Assert.Equal(100_001, result.CommitNumber);
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("no such table")]
    public async Task A_table_without_properties_or_of_another_id_or_class_is_refused_before_any_write(string table)
    {
        var live = await LiveInstanceDump.LoadAsync("01-deployed");
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        if (table == "no such table")
        {
            await Assert.ThrowsAsync<TableNotFoundException>(() => WriteAsync(instance, table));
            return;
        }

        await LiveInstanceTests.SetPropertyAsync(live, table, "sleeper.table.statestore.classname", "sleeper.statestore.s3.S3StateStore");
        var ofClass = await Assert.ThrowsAsync<UnsupportedTableException>(() => WriteAsync(instance, table));
        Assert.Contains("S3StateStore", ofClass.Message, StringComparison.Ordinal);

        await LiveInstanceTests.SetPropertyAsync(live, table, "sleeper.table.statestore.classname", "DynamoDBTransactionLogStateStore");
        await LiveInstanceTests.SetPropertyAsync(live, table, "sleeper.table.id", "12345678");
        var ofId = await Assert.ThrowsAsync<UnsupportedTableException>(() => WriteAsync(instance, table));
        Assert.Contains("12345678", ofId.Message, StringComparison.Ordinal);

        await LiveInstanceTests.SetPropertyAsync(live, table, "sleeper.table.id", "0a1b2c3d");
        await LiveInstanceTests.SetPropertyAsync(live, table, "sleeper.table.iterator.class.name", "com.example.TheirIterator");
        var ofIterator = await Assert.ThrowsAsync<UnsupportedTableException>(() => WriteAsync(instance, table));
        Assert.Contains("com.example.TheirIterator", ofIterator.Message, StringComparison.Ordinal);

        using var s3 = live.Aws.NewS3Client();
        await s3.DeleteObjectAsync(live.ConfigBucket, LiveTableProperties.PathOf("0a1b2c3d"), Token);
        var ofNothing = await Assert.ThrowsAsync<TableNotFoundException>(() => WriteAsync(instance, table));
        Assert.Contains("tables/table-0a1b2c3d.properties", ofNothing.Message, StringComparison.Ordinal);
        Assert.Empty((await s3.ListObjectsV2Async(new() { BucketName = live.DataBucket }, Token)).S3Objects ?? []);
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_or_is_no_config_bucket_is_an_error_that_says_what_to_check()
    {
        var live = await Snapshotted.Value;
        var options = LiveInstanceTests.OptionsOf(live);

        var missing = await Assert.ThrowsAsync<IngestException>(() => SleeperInstance.OpenAsync("sleeper-nobody-config-123456789012", options, Token));
        var other = await Assert.ThrowsAsync<IngestException>(() => SleeperInstance.OpenAsync(live.DataBucket, options, Token));

        Assert.Contains("sleeper-nobody-config-123456789012", missing.Message, StringComparison.Ordinal);
        Assert.Contains("instance's id", missing.Message, StringComparison.Ordinal);
        Assert.Contains("instance.properties", other.Message, StringComparison.Ordinal);
        Assert.Contains(live.DataBucket, other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_a_table_of_an_instance_has_itself_are_refused_by_name()
    {
        var factory = IngestFactory.Create().UseSleeperInstance("demo").WithTable("orders").WithCompression(DataFileCodec.Snappy).WithPages(100, 4096)
            .WithSplitPoints("m").WithFolder("/tmp/x");

        var error = Assert.Throws<ArgumentException>(factory.Build);

        foreach (string part in (string[])["Codec", "PageBytes", "split points", "choose one"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }

        Assert.NotNull(IngestFactory.Create().UseSleeperInstance("demo").WithTable("mäny: things").WithMemoryBudget(64 << 20).Build());
        Assert.Throws<ArgumentException>(() => IngestFactory.Create().UseSleeperInstance("demo").WithTable("orders").UseStateStore(null!).WithSplitPoints("a").Build());
    }

    /// <summary>U+FF5E is after U+1F600 for Java, before it by bytes: split at one of them, a row at the other is in two leaves at once.</summary>
    [Theory]
    [InlineData("single")]
    [InlineData("many")]
    [InlineData("parquet")]
    public async Task A_row_on_whose_leaf_the_two_orders_disagree_is_refused_with_field_row_leaf_and_reason(string way)
    {
        var live = await Snapshotted.Value;
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var schema = Schema.Create().RowKey("key", FieldType.String).Value("v", FieldType.Long).Build();
        string name = $"orders of {way}";
        await Table.CreateAsync(instance, name, schema, ["\uff5e"], cancellationToken: Token);
        List<Row> rows = [.. Enumerable.Range(0, 400).Select(i => new Row(schema, $"k{i}", (long)i))];
        rows[7] = new Row(schema, "🚀", 7L);
        rows[301] = new Row(schema, "\uff5e🚀", 301L);
        var errors = new List<RowError>();
        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable(name).WithRowErrors(errors.Add).OpenAsync(Token);
        using var folder = new TemporaryFolder();

        await (way switch
        {
            "single" => WriteSinglyAsync(writer, rows),
            "many" => writer.WriteAsync(rows, Token),
            _ => WriteParquetAsync(writer, folder, rows),
        });
        var result = await writer.CompleteAsync(Token);

        // An own table's file is sorted, and that key is the last one by bytes.
        var error = Assert.Single(errors);
        Assert.Equal((way == "parquet" ? 399L : 7L, "key", "🚀"), (error.RowNumber, error.FieldName, error.Value.AsString()));
        Assert.Contains("Java's order", error.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("🚀", error.ToString(), StringComparison.Ordinal);
        var table = await Table.OpenAsync(instance, name, Token);
        Assert.Contains($"'{(await table.DescribeAsync(Token)).Leaves[0].PartitionId}'", error.Reason, StringComparison.Ordinal);
        Assert.Equal((399L, 1L), (result.RowCount, result.RejectedRowCount));
        Assert.Equal([.. rows.Where((_, i) => i != 7).Select(LiveRows.Text).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(Token)));
    }

    private static async Task WriteSinglyAsync(IIngestWriter writer, List<Row> rows)
    {
        foreach (var row in rows)
        {
            await writer.WriteAsync(row, Token);
        }
    }

    private static async Task WriteParquetAsync(IIngestWriter writer, TemporaryFolder folder, List<Row> rows)
    {
        await using (var source = await IngestFactory.Create().WithFolder(folder.Path).WithSchema(rows[0].Schema).WithoutDurability().OpenAsync(Token))
        {
            await source.WriteAsync(rows, Token);
            await source.CompleteAsync(Token);
        }

        string file = Directory.GetFiles(folder.Path, "*.parquet", SearchOption.AllDirectories).Single();
        await writer.WriteParquetAsync(file, Token);
    }

    private static Task<IngestResult> WriteAsync(SleeperInstance instance, string table) => LiveInstanceTests.IngestAsync(instance, table, []);

    private static async Task<Schema> SchemaAsync(SleeperInstance instance) => (await Table.OpenAsync(instance, "orders", Token)).Schema;

    private static JsonObject Item(params (string Name, string Text)[] attributes)
    {
        var item = new JsonObject();
        foreach (var (name, text) in attributes)
        {
            item[name] = new JsonObject { ["S"] = text };
        }

        return item;
    }

    private static JsonObject Number(long value) => new() { ["N"] = value.ToString(System.Globalization.CultureInfo.InvariantCulture) };
}
