using System.Globalization;
using System.Text.Json.Nodes;
using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.S3.Model;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;

/// <summary>Another program changes a live table between our open and our commit, by entries of the original: the rows are visible once, or the ingest fails and leaves nothing.</summary>
public sealed class ChangedMeanwhileTests
{
    private const string FlightsId = "2c3d4e5f";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Item_21_a_leaf_that_was_split_still_takes_its_rows_and_every_row_is_read()
    {
        var live = await LiveInstanceDump.LoadAsync("02-ingested");
        var (outcome, before, rows, table) = await IngestWhileAsync(live, () => PutEntryAsync(live, "partition", LivedIn("partitions-2.json", live)));

        Assert.Equal(IngestOutcome.Committed, outcome.Outcome);
        Assert.Equal(5, (await table.DescribeAsync(Token)).Leaves.Count);
        Assert.Equal([.. before.Concat(rows).Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(Token)));
    }

    [Fact]
    public async Task Compactions_and_collected_garbage_come_before_our_entry_and_do_not_touch_it()
    {
        var live = await LiveInstanceDump.LoadAsync("02-ingested");
        var (outcome, _, rows, table) = await IngestWhileAsync(live, async () =>
        {
            await PutEntryAsync(live, "partition", LivedIn("partitions-2.json", live));
            for (int number = 4; number <= 11; number++)
            {
                await PutEntryAsync(live, "file", LivedIn($"files-{number}.json", live));
            }
        });

        Assert.Equal(12, outcome.CommitNumber);
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var state = await (await instance.OpenTableAsync("flights", Options(), null, Token)).StateStore.LoadStateAsync(Token);
        var ours = outcome.Files.SelectMany(f => f.References).Select(r => (r.FileName, r.PartitionId, r.RowCount)).Order();
        Assert.Equal(ours, state.References.Where(r => outcome.Files.Any(f => f.FileName == r.FileName)).Select(r => (r.FileName, r.PartitionId, r.RowCount)).Order());
        Assert.Equal(rows.Count, outcome.RowCount);
        Assert.NotNull(table);
    }

    [Fact]
    public async Task A_table_that_was_cleared_has_our_rows_only()
    {
        var live = await LiveInstanceDump.LoadAsync("02-ingested");
        var clear = new JsonObject { ["number"] = 4, ["updateTime"] = 1795397268673, ["type"] = "CLEAR_FILES", ["body"] = new JsonObject() };
        var (outcome, _, rows, table) = await IngestWhileAsync(live, () => PutEntryAsync(live, "file", clear));

        Assert.Equal(5, outcome.CommitNumber);
        Assert.Equal([.. rows.Order(StringComparer.Ordinal)], await LiveRows.ReadAsync(table.ReadAsync(Token)));
    }

    [Fact]
    public async Task Item_21_new_partitions_refuse_files_of_the_old_ones_and_nothing_is_left()
    {
        var live = await LiveInstanceDump.LoadAsync("02-ingested");
        var clear = new JsonObject { ["number"] = 4, ["updateTime"] = 1795397268673, ["type"] = "CLEAR_FILES", ["body"] = new JsonObject() };
        var first = JsonNode.Parse(live.Expected("flights", "transactions/partitions-1.json"))!;
        foreach (string id in (string[])["leaf-1", "leaf-2", "leaf-3", "leaf-4"])
        {
            first = JsonNode.Parse(first.ToJsonString().Replace($"\"{id}\"", $"\"new-{id}\"", StringComparison.Ordinal))!;
        }

        first["number"] = 2;
        var before = await KeysAsync(live);

        var error = await Assert.ThrowsAsync<CommitFailedException>(() => IngestWhileAsync(live, async () =>
        {
            await PutEntryAsync(live, "file", clear);
            await PutEntryAsync(live, "partition", first);
        }));

        Assert.Contains("leaf-", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await KeysAsync(live));
        Assert.Empty(await LiveInstanceTests.ItemAsync(live, "flights", 5) ?? []);
    }

    [Fact]
    public async Task A_table_that_was_deleted_gets_no_entry_and_nothing_is_left()
    {
        var live = await LiveInstanceDump.LoadAsync("02-ingested");
        var before = await KeysAsync(live);

        var error = await Assert.ThrowsAnyAsync<IngestException>(() => IngestWhileAsync(live, () => DeleteTableAsync(live)));

        Assert.IsType<CommitFailedException>(error);
        Assert.Equal(before, await KeysAsync(live));
        using var client = live.Aws.NewDynamoDbClient();
        Assert.Empty(await EntriesAsync(client, live, "file"));
        Assert.Empty(await EntriesAsync(client, live, "partition"));
    }

    /// <summary>Opens a writer of <c>flights</c>, gives it rows, lets something happen, and completes.</summary>
    private static async Task<(IngestResult Result, List<string> Before, List<string> Rows, Table Table)> IngestWhileAsync(LiveInstanceDump live, Func<Task> happen)
    {
        using var instance = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        var table = await Table.OpenAsync(instance, "flights", Token);
        var before = LiveRows.Expected(live.Expected("flights", "rows.jsonl"), table.Schema);
        var rows = LiveRows.Make(table.Schema, 80, seed: 5);
        await using var writer = await IngestFactory.Create().UseSleeperInstance(instance).WithTable("flights").OpenAsync(Token);
        await writer.WriteAsync(rows, Token);
        await happen();
        var result = await writer.CompleteAsync(Token);

        // A table of its own clients: the instance of the writer ends with this method.
        var reader = await SleeperInstance.OpenAsync(live.ConfigBucket, LiveInstanceTests.OptionsOf(live), Token);
        return (result, before, [.. rows.Select(LiveRows.Text)], await Table.OpenAsync(reader, "flights", Token));
    }

    private static StateStoreOptions Options() => new() { Random = bytes => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes) };

    private static JsonNode LivedIn(string file, LiveInstanceDump live) => JsonNode.Parse(
        File.ReadAllText(Path.Combine(LiveInstanceDump.FolderOf("03-lived-in"), "expected", "flights", "transactions", file))
            .Replace("sleeper-fixture", $"sleeper-{live.InstanceId}", StringComparison.Ordinal))!;

    private static async Task PutEntryAsync(LiveInstanceDump live, string log, JsonNode entry)
    {
        using var client = live.Aws.NewDynamoDbClient();
        await client.PutItemAsync(
            live.DynamoDbTable($"{log}-transaction-log"),
            new Dictionary<string, AttributeValue>
            {
                ["TABLE_ID"] = new(FlightsId),
                ["TRANSACTION_NUMBER"] = new() { N = entry["number"]!.ToJsonString() },
                ["UPDATE_TIME"] = new() { N = entry["updateTime"]!.ToJsonString() },
                ["TYPE"] = new(entry["type"]!.GetValue<string>()),
                ["BODY"] = new(entry["body"]!.ToJsonString()),
            },
            Token);
    }

    /// <summary>What the original does when a table is deleted: files, logs, snapshots, properties, index.</summary>
    private static async Task DeleteTableAsync(LiveInstanceDump live)
    {
        using var client = live.Aws.NewDynamoDbClient();
        using var s3 = live.Aws.NewS3Client();
        foreach (string log in (string[])["file", "partition"])
        {
            foreach (var item in await EntriesAsync(client, live, log))
            {
                await client.DeleteItemAsync(
                    live.DynamoDbTable($"{log}-transaction-log"),
                    new Dictionary<string, AttributeValue> { ["TABLE_ID"] = item["TABLE_ID"], ["TRANSACTION_NUMBER"] = item["TRANSACTION_NUMBER"] },
                    Token);
            }
        }

        await client.DeleteItemAsync(live.DynamoDbTable("table-index-by-name"), new Dictionary<string, AttributeValue> { ["TableName"] = new("flights") }, Token);
        await client.DeleteItemAsync(live.DynamoDbTable("table-index-by-id"), new Dictionary<string, AttributeValue> { ["TableId"] = new(FlightsId) }, Token);
        await s3.DeleteObjectAsync(live.ConfigBucket, LiveTableProperties.PathOf(FlightsId), Token);
    }

    private static async Task<List<Dictionary<string, AttributeValue>>> EntriesAsync(AmazonDynamoDBClient client, LiveInstanceDump live, string log)
    {
        var answer = await client.QueryAsync(
            new QueryRequest
            {
                TableName = live.DynamoDbTable($"{log}-transaction-log"),
                KeyConditionExpression = "TABLE_ID = :id",
                ExpressionAttributeValues = new() { [":id"] = new(FlightsId) },
            },
            Token);
        return answer.Items ?? [];
    }

    private static async Task<List<string>> KeysAsync(LiveInstanceDump live)
    {
        using var s3 = live.Aws.NewS3Client();
        return [.. (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = live.DataBucket }, Token)).S3Objects.Select(o => o.Key)];
    }
}
