using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.DynamoDb;

/// <content>Items 23 to 31, 43, 44, 52 and 53.</content>
public sealed partial class LiveChecklistTests
{
    private const string Demo = LiveTable.Root + LiveTable.TableId + "/data/";

    [Fact]
    public async Task Item_23_reads_are_consistent_and_follow_pages_also_empty_ones()
    {
        var table = await LiveTable.CreateAsync();
        using (var writer = table.Open())
        {
            for (int i = 0; i < 4; i++)
            {
                await table.CommitAsync(writer, $"id-{i}");
            }
        }

        table.DynamoDb.PageItems = 1;
        table.DynamoDb.EmptyLastPage = true;
        table.DynamoDb.ForgetCalls();
        using var reader = table.Open(2);
        Assert.Equal(4, (await reader.LoadStateAsync(Token)).References.Count);
        var queries = table.DynamoDb.Calls.Where(c => (string?)c.Request["TableName"] == LiveTable.FilesLog).ToList();
        Assert.Equal(5, queries.Count);
        Assert.All(queries, q => Assert.True((bool)q.Request["ConsistentRead"]!));
    }

    [Fact]
    public async Task Item_23_a_query_is_the_originals_member_by_member()
    {
        var table = await LiveTable.CreateAsync();
        using var reader = table.Open();
        await reader.LoadStateAsync(Token);
        Compare("files-log-query.json", LiveTable.FilesLog);
        Compare("latest-snapshots-query.json", LiveTable.LatestSnapshots);
        Compare("partitions-log-query.json", LiveTable.PartitionsLog);

        void Compare(string fixture, string log)
        {
            var original = Fixture("requests", fixture).GetProperty("request").GetProperty("body");
            var ours = JsonDocument.Parse(table.DynamoDb.Calls.First(c => (string?)c.Request["TableName"] == log).Request.ToJsonString()).RootElement;

            // Asked of DynamoDB for statistics; nothing depends on it.
            Assert.Equal(original.EnumerateObject().Select(m => m.Name).Where(m => m != "ReturnConsumedCapacity").Order(), ours.EnumerateObject().Select(m => m.Name).Order());
            foreach (string member in new[] { "KeyConditionExpression", "ExpressionAttributeNames" })
            {
                TransactionFixture.AssertSameJson(original.GetProperty(member).GetRawText(), ours.GetProperty(member).GetRawText());
            }
        }
    }

    [Fact]
    public async Task Item_24_a_body_in_the_bucket_counts_also_beside_one_in_the_item()
    {
        var table = await LiveTable.CreateAsync();
        await table.Bucket.PutAsync("any/key", Encoding.UTF8.GetBytes(OtherFile(77)), Token);
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", OtherFile(1), bodyKey: "any/key");
        using var reader = table.Open();
        Assert.EndsWith("other-77.parquet", Assert.Single((await reader.LoadStateAsync(Token)).References).FileName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"files":[{"filename":"f","more":1,"references":[{"partitionId":"p0","numberOfRows":5,"x":{}}]}],"other":null}""", "f", 5)]
    [InlineData("""{"jobId":null,"taskId":null,"jobRunId":null,"writtenTime":null,"files":[{"filename":"f","references":[{"partitionId":"p0","numberOfRows":"3","jobId":null}]}]}""", "f", 3)]
    [InlineData("""{"files":[{"filename":"f\u003d","references":[{"partitionId":"p0","numberOfRows":3.0}]}]}""", "f=", 3)]
    [InlineData("""{"files":[{"filename":"f","references":[{"partitionId":"p0","numberOfRows":-3}]}]}""", "f", -3)]
    [InlineData("""{"files":[{"filename":"f","references":[{"filename":"g","lastStateStoreUpdateTime":1,"partitionId":"p0","numberOfRows":3}]}]}""", "f", 3)]
    public async Task Item_25_bodies_are_read_leniently(string body, string name, long rows)
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", body);
        using var reader = table.Open();
        Assert.Equal(
            new FileReference(name, "p0", rows, CountApproximate: false, OnlyContainsDataForThisPartition: false),
            Assert.Single((await reader.LoadStateAsync(Token)).References));
    }

    [Theory]
    [InlineData("ADD_MORE_FILES", "{}")]
    [InlineData("add_files", """{"files":[]}""")]
    [InlineData("ADD_FILES", null)]
    [InlineData("ADD_FILES", "{")]
    [InlineData("ADD_FILES", "{}")]
    [InlineData("ADD_FILES", """{"files":[{"references":[]}]}""")]
    [InlineData("ADD_FILES", """{"files":[{"filename":"f"}]}""")]
    [InlineData("ADD_FILES", """{"files":[{"filename":"f","references":[{"numberOfRows":1}]}]}""")]
    [InlineData("ADD_FILES", """{"files":[{"filename":"f","references":[{"partitionId":"p0"}]}]}""")]
    [InlineData("ASSIGN_JOB_IDS", """{"requests":[{"jobId":"j","partitionId":"p0","filenames":["unknown"]}]}""")]
    public async Task Items_26_an_entry_that_stops_the_originals_readers_stops_ours_and_is_named(string type, string? body)
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, type, body);
        using var reader = table.Open();
        var error = await Assert.ThrowsAsync<TableDamagedException>(() => reader.LoadStateAsync(Token));
        Assert.StartsWith("entry 1 of the files log of table 'events'", error.ObjectName, StringComparison.Ordinal);

        // It is not applied in part, nor skipped by a second try; once the item is mended, all is well.
        await Assert.ThrowsAsync<TableDamagedException>(() => reader.LoadStateAsync(Token));
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", OtherFile(1));
        Assert.Single((await reader.LoadStateAsync(Token)).References);
    }

    [Fact]
    public async Task Item_26_a_body_that_is_not_in_the_bucket_is_damage_that_names_the_object()
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", null, bodyKey: "1f2e3d4c/statestore/transactions/gone.json");
        using var reader = table.Open();
        Assert.Contains("gone.json", (await Assert.ThrowsAsync<TableDamagedException>(() => reader.LoadStateAsync(Token))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TableDamagedException>(() => reader.BeginAttemptAsync("id", Token));
    }

    [Fact]
    public async Task Item_27_a_reader_that_is_overtaken_by_trimming_begins_again_at_the_newest_snapshot()
    {
        var before = await LiveTableDump.LoadAsync("02-ingested", "flights");
        var after = await LiveTableDump.LoadAsync("04-snapshotted", "flights");
        using var reader = before.Open();
        var (_, old) = await reader.LoadFilesAsync(Token);
        await BecomeAsync(before, after);
        var (files, number) = await reader.LoadFilesAsync(Token);
        Assert.True(after.ExpectedEntries("files").First().GetProperty("number").GetInt64() > old + 1, "No entry is missing between the two dumps.");
        Assert.Equal(after.Expected("table.json").GetProperty("lastFilesTransaction").GetInt64(), number);
        Assert.Equal(after.Expected("file-references.json").GetArrayLength(), files.Files.Sum(f => f.References.Count));
        Assert.Equal(after.Expected("partitions.json").GetArrayLength(), (await reader.LoadPartitionsAsync(Token)).All.Count);
    }

    [Fact]
    public async Task Item_27_a_gap_that_stays_is_damage()
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(LiveTable.FilesLog, 1, "ADD_FILES", OtherFile(1));
        table.PutOutside(LiveTable.FilesLog, 4, "ADD_FILES", OtherFile(4));
        using var store = table.Open();
        Assert.Contains("no entry 2", (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadStateAsync(Token))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TableDamagedException>(() => store.BeginAttemptAsync("id", Token));
        table.DynamoDb.Remove(LiveTable.FilesLog, i => (string?)i["TRANSACTION_NUMBER"]!["N"] == "1");
        await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadStateAsync(Token));
        await Assert.ThrowsAsync<TableDamagedException>(() => store.BeginAttemptAsync("id", Token));
    }

    [Fact]
    public async Task Items_28_to_31_the_worked_example_gives_the_listed_states()
    {
        (long Entry, string[] Files)[] expected =
        [
            (1, ["1 @1 west 120 O @1", "2 @1 east 80 O @1"]),
            (2, ["1 @1 west 120 O @1", "2 @1 east 80 O @1", "3 @2 east 30 @2, west-hi 20 @2, west-lo 10 @2"]),
            (3, ["1 @1 west 120 O @1", "2 @1 east 80 O @1", "3 @2 east 30 @2, west-hi 20 @2, west-lo 10 @2"]), // 29: no file 9
            (4, ["1 @4 west-hi 60 A @4, west-lo 60 A @4", "2 @1 east 80 O @1", "3 @2 east 30 @2, west-hi 20 @2, west-lo 10 @2"]),
            (5, ["1 @4 west-hi 60 A @4, west-lo 60 A @4", "2 @5 east 80 O J=compact-1 @5", "3 @5 east 30 J=compact-1 @5, west-hi 20 @2, west-lo 10 @2"]),
            (6, ["1 @4 west-hi 60 A @4, west-lo 60 A @4", "2 @6", "3 @6 west-hi 20 @2, west-lo 10 @2", "4 @6 east 110 O @6"]), // 30: the second job is skipped
            (7, ["1 @4 west-hi 60 A @4, west-lo 60 A @4", "3 @6 west-hi 20 @2, west-lo 10 @2", "4 @6 east 110 O @6"]),
            (8, ["1 @4 west-hi 60 A @4, west-lo 60 A @4", "2 @8 east 80 O @8", "3 @6 west-hi 20 @2, west-lo 10 @2", "4 @6 east 110 O @6"]),
            (9, []),
        ];
        var table = new LiveTable(Schema.Parse(Fixture("worked-example", "schema.json").GetRawText()));
        using var reader = table.Open();
        foreach (var (number, type, body) in WorkedExample("files"))
        {
            table.PutOutside(LiveTable.FilesLog, number, type, body, 1767323000000 + (1000 * number));
            Assert.Equal(expected[number - 1].Files, (await reader.LoadFilesAsync(Token)).State.Files.OrderBy(f => f.Name[^10], Comparer<char>.Default).Select(Describe).Order());
            using var fresh = table.Open(2);
            Assert.Equal(expected[number - 1].Files, (await fresh.LoadFilesAsync(Token)).State.Files.Select(Describe).Order());
        }

        static string Describe(FileState f) => $"{f.Name[^9]} @{Second(f.UpdateTime)} " is var head && f.References.Count == 0 ? head.TrimEnd() : head + string.Join(
            ", ", f.References.Values.OrderBy(r => r.PartitionId, StringComparer.Ordinal).Select(r =>
                $"{r.PartitionId} {r.NumberOfRows}{(r.CountApproximate ? " A" : "")}{(r.OnlyContainsDataForThisPartition ? " O" : "")}{(r.JobId is null ? "" : $" J={r.JobId}")} @{Second(r.UpdateTime)}"));

        static long Second(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() - 1767323000000) / 1000;
    }

    [Fact]
    public async Task Items_43_and_44_leaves_of_the_worked_example_are_the_originals()
    {
        var table = new LiveTable(Schema.Parse(Fixture("worked-example", "schema.json").GetRawText()));
        foreach (var (number, type, body) in WorkedExample("partitions"))
        {
            table.PutOutside(LiveTable.PartitionsLog, number, type, body);
        }

        using var store = table.Open();
        var tree = await store.LoadPartitionsAsync(Token);
        Assert.Equal((3L, "root", 7), (tree.LogNumber, tree.Root.Id, tree.All.Count));
        foreach (var (area, id, leaf) in new (string, long, string)[]
        {
            ("", long.MinValue, "west-lo"), ("a", 999, "west-lo"), ("a", 1000, "west-hi"), ("l\uFFFF", 5, "west-lo"), ("m", 0, "east-a"), ("s~", 0, "east-a"), ("t", 0, "east-b"),
            ("z", long.MaxValue, "east-b"),
        })
        {
            Assert.Equal(leaf, tree.LeafOf([area, id], KeyOrder.Java).Id);
        }
    }

    [Fact]
    public async Task Items_41_43_and_44_byte_arrays_go_by_signed_bytes_and_the_root_is_found_whatever_its_id()
    {
        var table = new LiveTable(Schema.Create().RowKey("key", FieldType.ByteArray).Value("v", FieldType.Long).Build());
        table.PutOutside(LiveTable.PartitionsLog, 1, "INITIALISE_PARTITIONS", Fixture("worked-example", "byte-array-partitions.json").GetRawText());
        using var store = table.Open();
        var tree = await store.LoadPartitionsAsync(Token);
        Assert.Equal("4e0c", tree.Root.Id);
        foreach (string low in new[] { "", "80", "FF", "00", "05", "05FE", "0580" })
        {
            Assert.Equal("6a11", tree.LeafOf([Convert.FromHexString(low)], KeyOrder.Java).Id);
        }

        foreach (string high in new[] { "05FF", "0500", "06" })
        {
            Assert.Equal("9b22", tree.LeafOf([Convert.FromHexString(high)], KeyOrder.Java).Id);
        }
    }

    [Theory]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":false,"maxInclusive":false},"stringsBase64Encoded":true}}]}""")]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":true,"max":"bQ==","maxInclusive":true},"stringsBase64Encoded":true}}]}""")]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":""},"stringsBase64Encoded":true}},{"partitionId":"b","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":""},"stringsBase64Encoded":true}}]}""")]
    public async Task Item_45_what_is_no_tree_or_no_canonical_range_is_damage_that_names_the_entry(string body)
    {
        var table = new LiveTable();
        table.PutOutside(LiveTable.PartitionsLog, 1, "INITIALISE_PARTITIONS", body);
        using var store = table.Open();
        Assert.Contains("entry 1", (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadPartitionsAsync(Token))).ObjectName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Item_52_files_that_are_deleted_twice_in_one_entry_are_gone()
    {
        var table = await LiveTableDump.LoadAsync("03-lived-in", "flights");
        var twice = table.ExpectedEntries("files").Single(e => e.GetProperty("number").GetInt64() == 7).GetProperty("body").GetProperty("filenames");
        Assert.True(twice.GetArrayLength() > twice.EnumerateArray().Select(n => n.GetString()).Distinct().Count());
        using var store = table.Open();
        var (files, _) = await store.LoadFilesAsync(Token);
        Assert.All(twice.EnumerateArray(), name => Assert.False(files.Contains(name.GetString()!)));
    }

    [Fact]
    public async Task Item_53_of_a_file_or_reference_given_twice_the_last_counts()
    {
        var table = await LiveTable.CreateAsync();
        table.PutOutside(
            LiveTable.FilesLog, 1, "ADD_FILES",
            """{"files":[{"filename":"a","references":[{"partitionId":"p0","numberOfRows":1},{"partitionId":"p0","numberOfRows":9}]},{"filename":"b","references":[{"partitionId":"p0","numberOfRows":1}]},{"filename":"b","references":[]}]}""");
        using var store = table.Open();
        Assert.Equal(("a", 9L), (await store.LoadStateAsync(Token)).References.Select(r => (r.FileName, r.RowCount)).Single());
        Assert.Empty((await store.LoadFilesAsync(Token)).State.Get("b").References);
    }

    /// <summary>The table goes on to what it is in a later dump, while a store has it open.</summary>
    private static async Task BecomeAsync(LiveTableDump table, LiveTableDump later)
    {
        foreach (string log in new[] { table.Identity.FilesLog, table.Identity.PartitionsLog, table.Identity.LatestSnapshots! })
        {
            table.DynamoDb.Remove(log, _ => true);
            foreach (var item in later.DynamoDb.Items(log))
            {
                table.DynamoDb.Put(log, item);
            }
        }

        foreach (string path in await TableFixture.ObjectsAsync(later.Bucket))
        {
            await table.Bucket.PutAsync(path, await TableFixture.ReadAsync(later.Bucket, path), Token);
        }
    }
}
