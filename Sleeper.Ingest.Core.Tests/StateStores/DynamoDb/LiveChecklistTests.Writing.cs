using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <content>Items 9 to 22, and what must never be written.</content>
public sealed partial class LiveChecklistTests
{
    [Fact]
    public async Task Item_09_numbers_begin_at_1_and_go_up_by_1()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal(i, (await table.CommitAsync(store, $"id-{i}")).TransactionNumber);
        }

        Assert.Equal([1L, 2, 3, 4, 5], table.Numbers());
        Assert.Equal([1L], table.Numbers(LiveTable.PartitionsLog));
    }

    [Fact]
    public async Task Items_10_and_11_a_put_is_the_originals_member_by_member()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await table.CommitAsync(store, "id", 120);
        var request = Assert.Single(Puts(table)).Request;
        var original = JsonNode.Parse(Fixture("requests", "files-log-put.json").GetProperty("request").GetProperty("body").GetRawText())!.AsObject();
        Assert.Equal(Members(original).Order(), Members(request).Where(m => m != "ReturnConsumedCapacity").Order());
        Assert.Equal(Members(original["Item"]!).Order(), Members(request["Item"]!).Order());
        Assert.Equal("attribute_not_exists(#Number)", (string?)request["ConditionExpression"]);
        Assert.True(JsonNode.DeepEquals(original["ExpressionAttributeNames"], request["ExpressionAttributeNames"]));
        foreach (var (name, value) in original["Item"]!.AsObject())
        {
            Assert.Equal(Members(value!), Members(request["Item"]![name]!));
        }

        Assert.Equal("ADD_FILES", (string?)request["Item"]!["TYPE"]!["S"]);
        var (theirs, ours) = (Body(original), Body(request));
        theirs["files"]![0]!["filename"] = ours["files"]![0]!["filename"]!.DeepClone();
        theirs["files"]![0]!["references"]![0]!["partitionId"] = "p0";
        Assert.Equal(theirs.ToJsonString(), ours.ToJsonString());

        static JsonNode Body(JsonObject put) => JsonNode.Parse((string)put["Item"]!["BODY"]!["S"]!)!;
    }

    [Fact]
    public async Task Item_11_a_pointer_to_a_body_is_the_originals_member_by_member()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await CommitOfLengthAsync(table, store, LiveBodies.MinObjectLength);
        var original = JsonNode.Parse(Fixture("requests", "files-log-put-body-in-s3.json").GetProperty("request").GetProperty("body").GetRawText())!.AsObject();
        var item = Puts(table)[0].Request["Item"]!;
        Assert.Equal(Members(original["Item"]!).Order(), Members(item).Order());
        Assert.DoesNotContain("BODY", Members(item));
    }

    [Theory]
    [InlineData(LiveBodies.MinObjectLength - 1, true)]
    [InlineData(LiveBodies.MinObjectLength, false)]
    public async Task Item_12_a_body_of_204799_characters_is_in_the_item_and_one_of_204800_in_the_bucket(int length, bool isInItem)
    {
        Assert.Equal(204_800, LiveBodies.MinObjectLength);
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await CommitOfLengthAsync(table, store, length);
        var item = table.DynamoDb.Items(LiveTable.FilesLog)[0];
        Assert.Equal(isInItem, item.ContainsKey("BODY"));
        Assert.Equal(!isInItem, item.ContainsKey("BODY_S3_KEY"));
        string body = isInItem ? (string)item["BODY"]!["S"]! : Encoding.UTF8.GetString(await TableFixture.ReadAsync(table.Bucket, (string)item["BODY_S3_KEY"]!["S"]!));
        Assert.Equal(length, body.Length);
        using var reader = table.Open(2);
        Assert.Equal(JsonDocument.Parse(body).RootElement.GetProperty("files").GetArrayLength(), (await reader.LoadStateAsync(Token)).References.Count);
    }

    [Fact]
    public async Task Item_12_a_body_that_is_long_in_bytes_only_goes_to_the_bucket_too()
    {
        var table = new LiveTable();
        string id = new('日', 60);
        using var store = table.Open();
        await store.InitialisePartitionsAsync(new PartitionTree([new Partition(id, null, [], Region.Everything(TableFixture.TableSchema), -1)]), Token);
        var attempt = await store.BeginAttemptAsync("id", Token);
        await store.CommitAsync(attempt, table.Commit(attempt, partitionId: id, files: 500), Token);
        var item = table.DynamoDb.Items(LiveTable.FilesLog)[0];
        byte[] body = await TableFixture.ReadAsync(table.Bucket, (string)item["BODY_S3_KEY"]!["S"]!);
        Assert.InRange(Encoding.UTF8.GetCharCount(body), 100_000, 204_799);
        Assert.InRange(body.Length, 204_800, 400_000);
    }

    [Fact]
    public async Task Item_13_a_body_is_stored_once_before_the_put_under_the_originals_form_of_key()
    {
        var table = await LiveTable.CreateAsync();
        var bucket = new ScriptedObjectStore(table.Bucket);
        using var store = table.Open(bucket: bucket);
        TakeNumbers(table, 2);
        var taking = table.DynamoDb.Before!;
        var seen = new List<string>();
        table.DynamoDb.Before = async call =>
        {
            if (call.Operation == "PutItem")
            {
                string key = (string)call.Request["Item"]!["BODY_S3_KEY"]!["S"]!;
                Assert.NotNull(await table.Bucket.HeadAsync(key, Token));
                seen.Add(key);
            }

            await taking(call);
        };
        await CommitOfLengthAsync(table, store, LiveBodies.MinObjectLength);
        Assert.Equal(3, seen.Count);
        string one = Assert.Single(seen.Distinct());
        Assert.Equal($"put {one}", Assert.Single(bucket.Calls, c => c.StartsWith("put", StringComparison.Ordinal)));
        string original = (string)JsonNode.Parse(Fixture("requests", "files-log-put-body-in-s3.json").GetProperty("request").GetProperty("body").GetRawText())!["Item"]!["BODY_S3_KEY"]!["S"]!;
        var form = new Regex(@"\A[0-9a-f]{8}/statestore/transactions/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{3}|\.[0-9]{6}|\.[0-9]{9})?Z-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json\z");
        Assert.Matches(form, original);
        Assert.Matches(form, one);
        Assert.StartsWith(LiveTable.TableId + "/", one, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "2026-01-02T03:04:00Z")]
    [InlineData(6780000, "2026-01-02T03:04:00.678Z")]
    [InlineData(6789010, "2026-01-02T03:04:00.678901Z")]
    [InlineData(6789012, "2026-01-02T03:04:00.678901200Z")]
    public void Item_13_instants_are_printed_as_java_does(long ticks, string expected) =>
        Assert.Equal(expected, LiveTablePaths.Instant(new DateTimeOffset(2026, 1, 2, 4, 4, 0, TimeSpan.FromHours(1)).AddTicks(ticks)));

    [Fact]
    public async Task Items_14_and_15_the_json_of_added_files_has_what_readers_need_and_no_more()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        await table.CommitAsync(store, "id");
        var body = Assert.Single(table.Bodies());
        Assert.Equal(["files"], body.EnumerateObject().Select(m => m.Name));
        Assert.Equal(["filename", "references"], body.GetProperty("files")[0].EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            ["partitionId", "numberOfRows", "countApproximate", "onlyContainsDataForThisPartition"],
            body.GetProperty("files")[0].GetProperty("references")[0].EnumerateObject().Select(m => m.Name));
        Assert.DoesNotContain("null", body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Item_16_a_commit_without_files_is_refused_before_any_request()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        table.DynamoDb.ForgetCalls();
        await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(attempt, new IngestCommit([], 0, 1), Token));
        var committer = new Core.Committing.FileCommitter(store, table.Bucket);
        Assert.Equal(Core.Committing.CommitEnd.NothingToCommit, (await committer.CommitAsync(attempt, new IngestCommit([], 0, 1), [], null, Token)).End);
        Assert.Empty(table.DynamoDb.Calls);
        Assert.Empty(table.Numbers());
    }

    [Fact]
    public async Task Item_17_conflicts_are_tried_again_at_higher_numbers_with_the_same_time_and_the_originals_waits()
    {
        var table = await LiveTable.CreateAsync();
        var clock = new RecordedWaits();
        using var store = new DynamoDbStateStore(
            table.DynamoDb.NewClient(), table.Identity, new LiveStoreSettings(), new StateStoreOptions { Random = b => Half(b), Time = clock, CommitTimeLimit = TimeSpan.FromHours(1) });
        var attempt = await store.BeginAttemptAsync("id", Token);
        TakeNumbers(table, 9);
        Assert.Equal(10, (await store.CommitAsync(attempt, table.Commit(attempt), Token)).TransactionNumber);
        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 12800, 15000], clock.Waits.Select(w => w.TotalMilliseconds));
        var puts = Puts(table);
        Assert.Equal(Enumerable.Range(1, 10).Select(n => (long)n), puts.Select(NumberOf));
        Assert.Single(puts.Select(p => (string?)p.Request["Item"]!["UPDATE_TIME"]!["N"]).Distinct());

        static void Half(Span<byte> bytes)
        {
            bytes.Clear();
            bytes[^1] = 0x80;
        }
    }

    [Fact]
    public async Task Item_17_a_conflict_is_the_originals_sequence_of_requests()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        TakeNumbers(table, 1);
        await store.CommitAsync(attempt, table.Commit(attempt), Token);
        string[] original = [.. Fixture("requests", "sequences", "stale-writer-conflicts-and-retries.json").EnumerateArray()
            .Where(r => r.TryGetProperty("operation", out _)).Select(r => r.GetProperty("operation").GetString()!)];
        Assert.Equal(["PutItem", "Query", "PutItem"], original);
        var calls = table.DynamoDb.Calls.ToList();
        int first = calls.FindIndex(c => c.Operation == "PutItem");
        Assert.Equal(original, calls[first..].Select(c => c.Operation));
        Assert.Equal("1", (string?)calls[first + 1].Request["ExpressionAttributeValues"]![":startInclusive"]!["N"]);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3)]
    public async Task Item_18_after_so_many_conflicts_it_fails_and_removes_its_body(int attempts)
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open(settings: new LiveStoreSettings { MaxAttempts = attempts });
        TakeNumbers(table, int.MaxValue);
        var error = await Assert.ThrowsAsync<CommitFailedException>(() => CommitOfLengthAsync(table, store, LiveBodies.MinObjectLength));
        Assert.Contains($"{attempts} times", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsRetryable);
        Assert.Equal(attempts, Puts(table).Count);
        Assert.Empty(await TableFixture.ObjectsAsync(table.Bucket));
    }

    [Theory]
    [InlineData("LostReply")]
    [InlineData("RepeatedBySdk")]
    [InlineData("CutReply")]
    [InlineData("InternalErrorAfter")]
    public async Task Item_19_a_lost_answer_is_one_entry_and_a_success(string fault)
    {
        var table = await LiveTable.CreateAsync();
        table.DynamoDb.Fault = call => call.Operation == "PutItem" ? Enum.Parse<DynamoDbFault>(fault) : DynamoDbFault.None;
        using var store = table.Open();
        for (int i = 1; i <= 3; i++)
        {
            var result = await table.CommitAsync(store, $"id-{i}");
            Assert.Equal((i, false), (result.TransactionNumber, result.AlreadyCommitted));
        }

        var long_ = await CommitOfLengthAsync(table, store, LiveBodies.MinObjectLength);
        Assert.Equal((4, false), (long_.TransactionNumber, long_.AlreadyCommitted));
        Assert.Equal([1L, 2, 3, 4], table.Numbers());
        Assert.Single(await TableFixture.ObjectsAsync(table.Bucket));
    }

    [Fact]
    public async Task Item_20_no_log_takes_a_transaction_of_the_other()
    {
        var table = await LiveTable.CreateAsync();
        using var client = table.DynamoDb.NewClient();
        foreach (var type in Enum.GetValues<TransactionType>())
        {
            foreach (var kind in new[] { LogKind.Files, LogKind.Partitions }.Where(k => k != type.Log()))
            {
                var log = new DynamoDbLog(client, table.Identity, kind);
                await Assert.ThrowsAsync<ArgumentException>(() => log.PutIfAbsentAsync(new LiveLogEntry(2, 0, type, "{}", null), Token));
            }
        }

        Assert.Empty(table.DynamoDb.Calls);
    }

    [Fact]
    public async Task Item_21_a_partition_that_is_gone_fails_before_the_put_and_one_that_was_split_does_not()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var tree = await store.LoadPartitionsAsync(Token);
        var attempt = await store.BeginAttemptAsync("id", Token);
        Assert.Contains("'gone'", (await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, table.Commit(attempt, partitionId: "gone"), Token))).Message);
        Assert.Empty(Puts(table));
        table.PutOutside(LiveTable.PartitionsLog, 2, "SPLIT_PARTITION", Split(tree, "p0", "f", "lo", "hi"));
        Assert.Equal(1, (await store.CommitAsync(attempt, table.Commit(attempt), Token)).TransactionNumber);
        var state = await store.LoadStateAsync(Token);
        Assert.Equal(["lo", "hi", "p1"], state.Partitions.Leaves.Select(l => l.Id));
        Assert.Equal("p0", Assert.Single(state.References).PartitionId);
    }

    [Fact]
    public async Task Item_22_what_readers_would_apply_blindly_is_refused_before_any_put()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        string name = table.Paths.DataFile("p0", attempt.FileNamePrefix, 0);
        DataFile File(params FileReference[] references) => new(name, 1, references);
        IngestCommit[] wrong =
        [
            new([File(new FileReference(name, "p0", 1)), File(new FileReference(name, "p0", 1))], 2, 1),
            new([File(new FileReference(name, "p0", -1))], -1, 1),
            new([File(new FileReference(name, "", 1))], 1, 1),
            new([File(new FileReference(name, "p0", 1), new FileReference(name, "p0", 1))], 2, 1),
            new([File()], 0, 1),
            Named($"{LiveTable.Root}other-table/data/partition_p0/{attempt.FileNamePrefix}-0.parquet"),
            Named($"data/partition_p0/{attempt.FileNamePrefix}-0.parquet"),
            Named($"{table.Paths.DataPrefix}p0/{attempt.FileNamePrefix}x-0.parquet"),
            Named($"{table.Paths.DataPrefix}p0/0f0f0f0f-0000-4000-8000-000000000019.parquet"),
        ];
        foreach (var commit in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(attempt, commit, Token));
        }

        string root = (await store.LoadPartitionsAsync(Token)).Root.Id;
        await Assert.ThrowsAsync<CommitFailedException>(
            () => store.CommitAsync(attempt, new([File(new FileReference(name, "p0", 1), new FileReference(name, root, 1))], 2, 1), Token));
        Assert.Empty(Puts(table));

        static IngestCommit Named(string name) => new([new DataFile(name, 1, [new FileReference(name, "p0", 1)])], 1, 1);
    }

    [Fact]
    public void Names_that_sleeper_would_never_remove_are_refused()
    {
        foreach (string root in new[] { "file:///tmp/", "s3a://", "s3a://bucket", "hdfs://bucket/", "s3a://bucket/folder/", "" })
        {
            Assert.Contains("s3a", Assert.Throws<ArgumentException>(() => new LiveTablePaths(root, "1f2e3d4c")).Message, StringComparison.Ordinal);
        }

        Assert.Equal("1f2e3d4c/data/partition_a/x.parquet", LiveTablePaths.KeyOf(new LiveTablePaths("s3://b/", "1f2e3d4c").DataPrefix + "a/x.parquet"));
    }

    private static string Split(PartitionTree tree, string leafId, string at, string left, string right)
    {
        var leaf = tree[leafId];
        var range = leaf.Region.Ranges[0];
        return Encoding.UTF8.GetString(new Core.StateStores.TransactionLog.Transactions.SplitPartition(
            leaf with { ChildIds = [left, right], Dimension = 0 },
            [new(left, leafId, [], leaf.Region.With(0, range.Min, at), -1), new(right, leafId, [], leaf.Region.With(0, at, range.Max), -1)]).ToBytes());
    }

    /// <summary>Commits files whose transaction is so many characters long: row counts have as many digits as it takes.</summary>
    private static async Task<CommitResult> CommitOfLengthAsync(LiveTable table, DynamoDbStateStore store, int length)
    {
        var attempt = await store.BeginAttemptAsync($"id-of-{length}", Token);
        int LengthOf(IngestCommit c) => CommittedFiles.ToTransaction(c.Files).ToBytes().Length;
        int count = 1;
        while (LengthOf(table.Commit(attempt, rows: 1, files: count + 50)) <= length)
        {
            count += 50;
        }

        while (LengthOf(table.Commit(attempt, rows: 1, files: count + 1)) <= length)
        {
            count++;
        }

        var commit = table.Commit(attempt, rows: 1, files: count);
        int missing = length - LengthOf(commit);
        var files = commit.Files.ToArray();
        for (int i = 0; missing > 0; i++)
        {
            int digits = Math.Min(missing, 14);
            missing -= digits;
            long rows = (long)Math.Pow(10, digits);
            files[i] = files[i] with { References = [files[i].References[0] with { RowCount = rows }] };
        }

        commit = new IngestCommit(files, files.Sum(f => f.References[0].RowCount), 1);
        Assert.Equal(length, LengthOf(commit));
        return await store.CommitAsync(attempt, commit, Token);
    }
}
