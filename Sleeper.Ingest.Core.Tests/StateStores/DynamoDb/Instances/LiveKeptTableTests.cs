using Amazon.DynamoDBv2.Model;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;
using Sleeper.Ingest.Core.Tests.Support;
using TableNotFoundException = Sleeper.Ingest.Core.StateStores.TableNotFoundException;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>A factory keeps a live table open between writers; what other programs do to it meanwhile counts for the next writer.</summary>
public sealed class LiveKeptTableTests
{
    private static readonly Lazy<Task<LiveInstanceDump>> Deployed = new(() => LiveInstanceDump.LoadAsync("01-deployed"));

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.String).Value("time", FieldType.Long).Build();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_writer_asks_for_the_properties_the_new_partitions_and_the_new_entries_only()
    {
        var live = await LiveInstanceDump.LoadAsync("04-snapshotted");
        var counted = new CountedRequests();
        var s3 = live.Aws.NewS3Config();
        s3.HttpClientFactory = counted;
        var dynamoDb = live.Aws.NewDynamoDbConfig();
        dynamoDb.HttpClientFactory = counted;
        using var instance = await SleeperInstance.OpenAsync(
            live.ConfigBucket, new SleeperInstanceOptions { Credentials = AwsEmulator.Credentials, S3Config = s3, DynamoDbConfig = dynamoDb }, Token);
        var schema = (await Table.OpenAsync(instance, "orders", Token)).Schema;
        string partitions = $"Query {live.DynamoDbTable("partition-transaction-log")}";
        string files = $"Query {live.DynamoDbTable("file-transaction-log")}";
        foreach (string? id in (string?[])[null, "mine"])
        {
            var factory = IngestFactory.Create().UseSleeperInstance(instance).WithTable("orders");
            await IngestAsync(factory, id is null ? null : "first", LiveRows.Make(schema, 5, seed: 1));
            counted.Forget();

            var result = await IngestAsync(factory, id, LiveRows.Make(schema, 5, seed: 2));

            string[] isCommitted = id is null ? [] : [files]; // asked before the first row, and as the attempt begins
            string[] isQueued = id is null ? [] : ["GET claim"]; // by an earlier run of this id
            Assert.Equal(
                [
                    $"GET /{live.ConfigBucket}/tables/table-0a1b2c3d.properties", .. isCommitted, partitions, .. isCommitted, .. isQueued,
                    files, partitions, $"PutItem {live.DynamoDbTable("file-transaction-log")}",
                ],
                counted.Requests.Where(r => !r.StartsWith("PUT ", StringComparison.Ordinal)).Select(r => r.Contains("/statestore/ingests/", StringComparison.Ordinal) ? "GET claim" : r));
            Assert.Equal(2, counted.Requests.Count(r => r.StartsWith("PUT ", StringComparison.Ordinal)));
            Assert.Equal(IngestOutcome.Committed, result.Outcome);
        }
    }

    [Fact]
    public async Task Properties_that_another_program_changes_count_for_the_next_writer()
    {
        var (live, instance, factory) = await MakeAsync("changed");
        using var _ = instance;
        long now = 1_000_000;
        factory.UseClock(new ManualClock(DateTimeOffset.FromUnixTimeMilliseconds(now)));
        var before = await IngestAsync(factory, null, [new Row(Schema, "a", 1L)]);
        await AddPropertiesAsync(live, "changed", "sleeper.table.filters=ageOff(time,1000)\nsleeper.table.parquet.compression.codec=gzip\n");

        var after = await IngestAsync(factory, null, [new Row(Schema, "a", 1L), new Row(Schema, "b", now)]);
        await AddPropertiesAsync(live, "changed", "sleeper.table.parquet.compression.codec=lzo\n");
        var error = await Assert.ThrowsAsync<UnsupportedTableException>(() => factory.OpenAsync(Token));

        Assert.Equal((1, 1), (before.RowCount, after.RowCount));
        Assert.Equal("Zstd", await CodecAsync(live, before));
        Assert.Equal("Gzip", await CodecAsync(live, after));
        Assert.Contains("'lzo'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Partitions_that_another_program_splits_and_files_that_it_adds_count_for_the_next_writer()
    {
        var (live, instance, factory) = await MakeAsync("split");
        using var _ = instance;
        await IngestAsync(factory, null, [new Row(Schema, "a", 1L)]);
        await SplitRootAsync(live, await IdAsync(live, "split"));
        using var others = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        await LiveInstanceTests.IngestAsync(others, "split", [new Row(Schema, "b", 2L)]);

        var result = await IngestAsync(factory, null, [new Row(Schema, "c", 3L), new Row(Schema, "z", 4L)]);

        Assert.Equal(3, result.CommitNumber);
        Assert.Equal(["left", "right"], result.Files.SelectMany(f => f.References).Select(r => r.PartitionId).Order(StringComparer.Ordinal));
        var table = await Table.OpenAsync(others, "split", Token);
        Assert.Equal(["a", "b", "c", "z"], (await table.ReadAsync(Token).ToListAsync(Token)).Select(r => r.GetString(0)));
    }

    [Fact]
    public async Task A_table_that_was_dropped_is_not_found_and_one_that_was_made_anew_takes_the_rows()
    {
        var (live, instance, factory) = await MakeAsync("dropped");
        using var _ = instance;
        await IngestAsync(factory, null, [new Row(Schema, "a", 1L)]);
        string old = await IdAsync(live, "dropped");
        await DropAsync(live, "dropped", old);
        await Assert.ThrowsAsync<TableNotFoundException>(() => factory.OpenAsync(Token));

        await Table.CreateAsync(instance, "dropped", Schema, cancellationToken: Token);
        var result = await IngestAsync(factory, null, [new Row(Schema, "b", 2L)]);

        Assert.Equal(1, result.CommitNumber);
        Assert.DoesNotContain(old, result.Files[0].FileName, StringComparison.Ordinal);
        Assert.Contains(await IdAsync(live, "dropped"), result.Files[0].FileName, StringComparison.Ordinal);
    }

    private static async Task<(LiveInstanceDump Live, SleeperInstance Instance, IngestFactory Factory)> MakeAsync(string name)
    {
        var live = await Deployed.Value;
        var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        await Table.CreateAsync(instance, name, Schema, cancellationToken: Token);
        return (live, instance, IngestFactory.Create().UseSleeperInstance(instance).WithTable(name));
    }

    private static async Task<IngestResult> IngestAsync(IngestFactory factory, string? ingestId, IEnumerable<Row> rows)
    {
        await using var writer = ingestId is null
            ? await factory.OpenAsync(Token)
            : await factory.OpenForAsync(ingestId, null, new Progress<IngestProgress>(), Token);
        await writer.WriteAsync(rows, Token);
        return await writer.CompleteAsync(Token);
    }

    internal static async Task<string> IdAsync(LiveInstanceDump live, string name)
    {
        using var client = live.Aws.NewDynamoDbClient();
        var key = new Dictionary<string, AttributeValue> { ["TableName"] = new(name) };
        return (await client.GetItemAsync(live.DynamoDbTable("table-index-by-name"), key, Token)).Item["TableId"].S;
    }

    private static async Task AddPropertiesAsync(LiveInstanceDump live, string name, string lines)
    {
        using var s3 = live.Aws.NewS3Client();
        string key = LiveTableProperties.PathOf(await IdAsync(live, name));
        using var found = await s3.GetObjectAsync(live.ConfigBucket, key, Token);
        string text = await new StreamReader(found.ResponseStream).ReadToEndAsync(Token);
        await s3.PutObjectAsync(new() { BucketName = live.ConfigBucket, Key = key, ContentBody = $"{text}\n{lines}" }, Token);
    }

    private static async Task<string> CodecAsync(LiveInstanceDump live, IngestResult result)
    {
        using var file = await LiveInstanceTests.OpenFileAsync(live, result.Files[0].FileName);
        return file.Metadata.RowGroups[0].Columns[0].Metadata!.Codec.ToString();
    }

    /// <summary>An entry as the original's splitter makes it: the root becomes a parent, of the leaves below and from "m" on.</summary>
    internal static async Task SplitRootAsync(LiveInstanceDump live, string tableId)
    {
        const string Left = "\"region\":{\"key\":{\"min\":\"\",\"minInclusive\":true,\"max\":\"bQ==\",\"maxInclusive\":false},\"stringsBase64Encoded\":true}";
        const string Right = "\"region\":{\"key\":{\"min\":\"bQ==\",\"minInclusive\":true,\"maxInclusive\":false},\"stringsBase64Encoded\":true}";
        const string Whole = "\"region\":{\"key\":{\"min\":\"\",\"minInclusive\":true,\"maxInclusive\":false},\"stringsBase64Encoded\":true}";
        const string Leaf = "\"isLeafPartition\":true,\"parentPartitionId\":\"root\",\"childPartitionIds\":[],\"dimension\":-1";
        string body = "{\"parent\":{\"partitionId\":\"root\",\"isLeafPartition\":false,\"childPartitionIds\":[\"left\",\"right\"]," + Whole + ",\"dimension\":0},"
            + "\"newChildren\":[{\"partitionId\":\"left\"," + Leaf + "," + Left + "},{\"partitionId\":\"right\"," + Leaf + "," + Right + "}]}";
        using var client = live.Aws.NewDynamoDbClient();
        await client.PutItemAsync(
            live.DynamoDbTable("partition-transaction-log"),
            new Dictionary<string, AttributeValue>
            {
                ["TABLE_ID"] = new(tableId),
                ["TRANSACTION_NUMBER"] = new() { N = "2" },
                ["UPDATE_TIME"] = new() { N = "1795397268673" },
                ["TYPE"] = new("SPLIT_PARTITION"),
                ["BODY"] = new(body),
            },
            Token);
    }

    /// <summary>What the original does when a table is deleted.</summary>
    private static async Task DropAsync(LiveInstanceDump live, string name, string tableId)
    {
        using var client = live.Aws.NewDynamoDbClient();
        using var s3 = live.Aws.NewS3Client();
        foreach (string log in (string[])["file", "partition"])
        {
            await client.DeleteItemAsync(
                live.DynamoDbTable($"{log}-transaction-log"),
                new Dictionary<string, AttributeValue> { ["TABLE_ID"] = new(tableId), ["TRANSACTION_NUMBER"] = new() { N = "1" } },
                Token);
        }

        await client.DeleteItemAsync(live.DynamoDbTable("table-index-by-name"), new Dictionary<string, AttributeValue> { ["TableName"] = new(name) }, Token);
        await client.DeleteItemAsync(live.DynamoDbTable("table-index-by-id"), new Dictionary<string, AttributeValue> { ["TableId"] = new(tableId) }, Token);
        await client.DeleteItemAsync(
            live.DynamoDbTable("table-index-by-online"), new Dictionary<string, AttributeValue> { ["Online"] = new("true"), ["TableName"] = new(name) }, Token);
        await s3.DeleteObjectAsync(live.ConfigBucket, LiveTableProperties.PathOf(tableId), Token);
    }
}
