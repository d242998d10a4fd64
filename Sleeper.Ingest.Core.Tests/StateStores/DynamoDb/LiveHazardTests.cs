using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.StateStores.DynamoDb.Instances;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <summary>The ways to damage a live table, by the numbers of the state store's specification: none of them is open. H3 stands with the tables that others change.</summary>
public sealed class LiveHazardTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hazard_H1_every_entry_has_all_members_that_readers_need()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var attempt = await store.BeginAttemptAsync("id", Token);
        string shared = table.Paths.DataFile("root", attempt.FileNamePrefix, 0);
        string empty = table.Paths.DataFile("p0", attempt.FileNamePrefix, 1);
        var files = new DataFile[]
        {
            new(shared, 1, [new FileReference(shared, "p0", 3, CountApproximate: false, OnlyContainsDataForThisPartition: false), new FileReference(shared, "p1", 4)]),
            new(empty, 1, [new FileReference(empty, "p0", 0)]),
        };
        await store.CommitAsync(attempt, new IngestCommit(files, 7, 1), Token);

        var body = Assert.Single(table.Bodies());
        Assert.Equal(2, body.GetProperty("files").GetArrayLength());
        foreach (var file in body.GetProperty("files").EnumerateArray())
        {
            Assert.NotEqual("", file.GetProperty("filename").GetString());
            Assert.NotEqual(0, file.GetProperty("references").GetArrayLength());
            Assert.All(file.GetProperty("references").EnumerateArray(), r => Assert.True(r.GetProperty("partitionId").GetString()!.Length > 0 && r.GetProperty("numberOfRows").GetInt64() >= 0));
        }

        var next = await store.BeginAttemptAsync("next", Token);
        string name = table.Paths.DataFile("p0", next.FileNamePrefix, 0);
        DataFile[] wrong = [new("", 1, [new FileReference("", "p0", 1)]), new(name, 1, []), new(name, 1, [new FileReference(name, "", 1)]), new(name, 1, [new FileReference(name, null!, 1)])];
        foreach (var file in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(next, new IngestCommit([file], 1, 1), Token));
        }

        Assert.Equal([1L], table.Numbers());
    }

    [Fact]
    public async Task Hazard_H2_an_entry_is_of_a_known_type_and_its_one_body_is_whole_when_it_is_put()
    {
        var table = new LiveTable();
        const string Awkward = "p \"0\" <&> \\ \u2028 日";
        table.DynamoDb.Before = async call =>
        {
            if (call.Operation == "PutItem")
            {
                var item = call.Request["Item"]!;
                Assert.Contains((string)item["TYPE"]!["S"]!, (string[])["ADD_FILES", "INITIALISE_PARTITIONS"]);
                Assert.NotEqual(item["BODY"] is null, item["BODY_S3_KEY"] is null);
                string json = (string?)item["BODY"]?["S"] ?? Encoding.UTF8.GetString(await TableFixture.ReadAsync(table.Bucket, (string)item["BODY_S3_KEY"]!["S"]!));
                using var _ = JsonDocument.Parse(json);
            }
        };
        using var store = table.Open();
        await store.InitialisePartitionsAsync(new PartitionTree([new Partition(Awkward, null, [], Region.Everything(TableFixture.TableSchema), -1)]), Token);
        foreach (int files in new[] { 1, 1500 })
        {
            var attempt = await store.BeginAttemptAsync($"of {files}", Token);
            await store.CommitAsync(attempt, table.Commit(attempt, partitionId: Awkward, files: files), Token);
        }

        Assert.Equal(["BODY", "BODY_S3_KEY"], table.DynamoDb.Items(LiveTable.FilesLog).Select(i => i.Single(a => a.Key.StartsWith("BODY", StringComparison.Ordinal)).Key));
        using var reader = table.Open(2);
        Assert.Equal(1501, (await reader.LoadStateAsync(Token)).References.Count);
        Assert.Throws<ArgumentException>(() => LiveLogItem.Write("t", new LiveLogEntry(1, 0, TransactionType.AddFiles, null, null)));
        Assert.Throws<ArgumentException>(() => LiveLogItem.Write("t", new LiveLogEntry(1, 0, TransactionType.AddFiles, "{}", "key")));
    }

    /// <summary>Three writers, one of whose puts in three goes wrong. The double knows no request that changes or removes an item, so there was none.</summary>
    [Fact]
    public async Task Hazard_H4_every_put_is_conditional_and_at_the_number_after_the_last()
    {
        var table = await LiveTable.CreateAsync();
        DynamoDbFault[] faults = [DynamoDbFault.None, DynamoDbFault.None, DynamoDbFault.LostReply, DynamoDbFault.None, DynamoDbFault.ErrorBefore, DynamoDbFault.InternalErrorAfter];
        table.DynamoDb.Fault = call => call.Operation == "PutItem" ? faults[call.Number % faults.Length] : DynamoDbFault.None;
        var puts = new Dictionary<long, string>();
        table.DynamoDb.Before = call =>
        {
            if (call.Operation == "PutItem")
            {
                Assert.Equal("attribute_not_exists(#Number)", (string?)call.Request["ConditionExpression"]);
                Assert.Equal("TRANSACTION_NUMBER", (string?)call.Request["ExpressionAttributeNames"]!["#Number"]);
                long number = long.Parse((string)call.Request["Item"]!["TRANSACTION_NUMBER"]!["N"]!);
                lock (puts)
                {
                    int last = table.Numbers().Count;
                    Assert.InRange(number, 1, last + 1);
                    puts.TryAdd(number, (string)call.Request["Item"]!["BODY"]!["S"]!);
                }
            }

            return Task.CompletedTask;
        };
        await Task.WhenAll(Enumerable.Range(0, 3).Select(w => Task.Run(
            async () =>
            {
                using var store = table.Open(w + 1, new LiveStoreSettings { MaxAttempts = 1000 });
                for (int i = 0; i < 20; i++)
                {
                    await table.CommitAsync(store, $"{w}-{i}");
                }
            },
            Token)));

        Assert.Equal(Enumerable.Range(1, 60).Select(n => (long)n), table.Numbers());
        Assert.Equal(["PutItem", "Query"], table.DynamoDb.Calls.Select(c => c.Operation).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(60, table.Bodies().Select(b => b.GetRawText()).Distinct().Count());
    }

    [Fact]
    public async Task Hazard_H5_no_type_that_must_fit_the_state_before_it_can_be_put()
    {
        var table = await LiveTable.CreateAsync();
        using var client = table.DynamoDb.NewClient();
        foreach (var type in Enum.GetValues<TransactionType>().Except([TransactionType.AddFiles, TransactionType.InitialisePartitions]))
        {
            var log = new DynamoDbLog(client, table.Identity, type.Log());
            var error = await Assert.ThrowsAsync<ArgumentException>(() => log.PutIfAbsentAsync(new LiveLogEntry(2, 0, type, "{}", null), Token));
            Assert.Contains(type.Name(), error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(table.DynamoDb.Calls);
    }

    [Fact]
    public async Task Hazard_H6_partitions_are_put_with_all_members_and_canonical_ranges()
    {
        foreach (var (type, points) in LiveChecklistTests.KeyTypes)
        {
            var schema = Schema.Create().RowKey("k", type).RowKey("second", type).Value("v", FieldType.Long).Build();
            var table = new LiveTable(schema);
            using var store = table.Open();
            await store.InitialisePartitionsAsync(PartitionTree.ForInstance(schema, points, () => Guid.NewGuid().ToString()), Token);
            var body = JsonNode.Parse((string)table.DynamoDb.Items(LiveTable.PartitionsLog).Single()["BODY"]!["S"]!)!;
            Assert.Equal((2 * points.Length) + 1, body["partitions"]!.AsArray().Count);
            foreach (var partition in body["partitions"]!.AsArray().Select(p => p!.AsObject()))
            {
                Assert.True((int)partition["dimension"]! == ((bool)partition["isLeafPartition"]! ? -1 : 0));
                Assert.Equal((bool)partition["isLeafPartition"]! ? 0 : 2, partition["childPartitionIds"]!.AsArray().Count);
                Assert.True((bool)partition["region"]!["stringsBase64Encoded"]!);
                foreach (string key in (string[])["k", "second"])
                {
                    var range = partition["region"]![key]!.AsObject();
                    Assert.NotNull(range["min"]);
                    Assert.True((bool)range["minInclusive"]! && !(bool)range["maxInclusive"]!);
                }
            }
        }

        // A tree that is not the whole key space, or has no smallest value, is not put.
        var events = new LiveTable();
        using var other = events.Open();
        foreach (var min in (FieldValue[])["b", FieldValue.Null])
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () =>
                await other.InitialisePartitionsAsync(new PartitionTree([new Partition("root", null, [], new Region([new KeyRange("key", min, FieldValue.Null)]), -1)]), Token));
        }

        Assert.Empty(events.Numbers(LiveTable.PartitionsLog));
    }

    [Fact]
    public async Task Hazard_H7_every_message_can_be_read_and_is_of_the_tables_id()
    {
        var table = await LiveTable.CreateAsync();
        using var store = table.Open();
        var queue = new CommitterDouble(table);
        var commits = new QueuedCommits(store, new CommitClaims(table.Bucket, table.Paths), LiveTable.TableId, () => queue, TableFixture.Options());
        foreach (int files in new[] { 1, 1500 })
        {
            foreach (var job in new[] { null, new CommitJob("j \"1\"", "t", "r") })
            {
                var attempt = await store.BeginAttemptAsync($"{files} {job}", Token);
                await commits.SendAsync(attempt, table.Commit(attempt, files: files), job, Token);
            }
        }

        Assert.Equal(4, queue.Sent.Count);
        foreach (var (body, _) in queue.Sent)
        {
            var message = JsonNode.Parse(body)!.AsObject();
            Assert.Equal((LiveTable.TableId, "ADD_FILES", 3), ((string?)message["tableId"], (string?)message["transactionType"], message.Count));
            Assert.NotEqual(message.ContainsKey("transaction"), message.ContainsKey("bodyKey"));
            Assert.DoesNotContain(message, m => m.Value is null);
        }

        Assert.ThrowsAny<ArgumentException>(() => CommitMessage.Write(LiveTable.TableId, null!, null));
    }

    [Fact]
    public async Task Hazard_H8_all_files_and_sketches_are_whole_in_the_bucket_when_the_entry_is_put()
    {
        var place = InProcessInstance.Load("04-snapshotted");
        using var instance = await place.OpenAsync();
        int seen = 0;
        place.DynamoDb.Before = async call =>
        {
            if (call.Operation == "PutItem")
            {
                using var direct = await place.OpenDirectAsync();
                using var s3 = place.S3.NewClient();
                foreach (var file in JsonNode.Parse((string)call.Request["Item"]!["BODY"]!["S"]!)!["files"]!.AsArray())
                {
                    string key = LiveTablePaths.KeyOf((string)file!["filename"]!);
                    using var found = await s3.GetObjectAsync(InProcessInstance.DataBucket, key, Token);
                    using var bytes = new MemoryStream();
                    await found.ResponseStream.CopyToAsync(bytes, Token);
                    using var parquet = await Core.Parquet.ParquetFileReader.OpenAsync(new BytesSource(key, bytes.ToArray()), Core.Parquet.ParquetReaderLimits.Default, Token);
                    Assert.Equal(file["references"]!.AsArray().Sum(r => (long)r!["numberOfRows"]!), parquet.Metadata.NumRows);
                    Assert.NotEqual(0, (await s3.GetObjectMetadataAsync(InProcessInstance.DataBucket, key.Replace(".parquet", ".sketches", StringComparison.Ordinal), Token)).ContentLength);
                    seen++;
                }
            }
        };
        var table = await Table.OpenAsync(instance, "orders", Token);
        var result = await LiveInstanceTests.IngestAsync(instance, "orders", LiveRows.Make(table.Schema, 50, seed: 8));
        Assert.Equal((result.Files.Count, true), (seen, seen > 0));
    }

    /// <summary>Not by another attempt of the same ingest, nor of another one, nor by another process.</summary>
    [Fact]
    public async Task Hazard_H9_no_name_is_given_twice_and_no_file_of_another_attempt_is_committed()
    {
        var table = await LiveTable.CreateAsync();
        var names = new HashSet<string>(StringComparer.Ordinal);
        IngestAttempt? before = null;
        for (int i = 0; i < 200; i++)
        {
            using var store = table.Open(i);
            for (int again = 0; again < 3; again++)
            {
                var attempt = await store.BeginAttemptAsync(again == 2 ? $"other {i}" : "id", Token);
                Assert.True(names.Add(table.Paths.DataFile("p0", attempt.FileNamePrefix, 0)));
                before ??= attempt;
            }
        }

        using var late = table.Open(1000);
        var own = await late.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAsync<ArgumentException>(() => late.CommitAsync(own, table.Commit(before!), Token));
        Assert.Empty(table.Numbers());
    }

    [Fact]
    public void Hazard_H10_job_members_cannot_be_given_in_part()
    {
        Assert.Throws<ArgumentNullException>(() => new AddFiles.JobMembers(null!, "t", "r", 1));
        Assert.Throws<ArgumentNullException>(() => new AddFiles.JobMembers("j", null!, "r", 1));
        Assert.Throws<ArgumentNullException>(() => new AddFiles.JobMembers("j", "t", null!, 1));
        Assert.Equal("""{"jobId":"j","taskId":"t","jobRunId":"r","writtenTime":1,"files":[]}""", Encoding.UTF8.GetString(new AddFiles([], new AddFiles.JobMembers("j", "t", "r", 1)).ToBytes()));
        Assert.Equal("""{"files":[]}""", Encoding.UTF8.GetString(new AddFiles([]).ToBytes()));
    }
}
