using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

/// <summary>
/// The items of the state store's checklist that own tables keep too, by their numbers, over a log in memory, in an object store, in a folder and in a bucket.
/// Order and leaf look-up are by unsigned bytes there.
/// </summary>
public sealed class StateStoreChecklistTests : IDisposable
{
    private const string TableId = "0a1b2c3d";
    private const string OneFile =
        """{"files":[{"filename":"data/f","references":[{"partitionId":"p0","numberOfRows":7,"countApproximate":false,"onlyContainsDataForThisPartition":true}]}]}""";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => ["memory", "objects", "folder", "bucket"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Item_09_numbers_begin_at_1_and_go_up_by_1(string kind)
    {
        var (files, _, store) = await MakeAsync(kind);
        for (int i = 1; i <= 5; i++)
        {
            Assert.Equal(i, (await CommitAsync(store, $"id-{i}")).TransactionNumber);
            Assert.Equal(i, (await files.ReadAsync(i, Token))!.Number);
        }

        Assert.Null(await files.ReadAsync(0 + 6, Token));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Item_14_the_json_of_added_files_has_what_readers_need_and_no_more(string kind)
    {
        var (files, _, store) = await MakeAsync(kind);
        await CommitAsync(store, "id");
        using var body = JsonDocument.Parse((await files.ReadAsync(1, Token))!.Body);
        Assert.Equal(["files"], Members(body.RootElement));
        var file = body.RootElement.GetProperty("files")[0];
        Assert.Equal(["filename", "references"], Members(file));
        Assert.Equal(
            ["partitionId", "numberOfRows", "countApproximate", "onlyContainsDataForThisPartition"], Members(file.GetProperty("references")[0]));
    }

    [Fact]
    public async Task Item_16_an_ingest_without_rows_writes_nothing_and_succeeds()
    {
        await using (var ingest = await IngestFactory.Create().WithSchema(TableSchema).WithFolder(_folder.Path).OpenAsync(Token))
        {
            await ingest.WriteAsync(Array.Empty<Row>(), Token);
            Assert.Equal(IngestOutcome.NothingToCommit, (await ingest.CompleteAsync(Token)).Outcome);
        }

        Assert.Empty(await ObjectsAsync(new LocalObjectStore(_folder.Path), "default/log/files/"));
        Assert.Empty(await ObjectsAsync(new LocalObjectStore(_folder.Path), "default/ingests/"));
    }

    [Fact]
    public async Task Item_19_a_lost_answer_is_one_entry_and_a_success()
    {
        var lossy = new ScriptedObjectStore(new InMemoryObjectStore());
        using var table = await CreateAsync(lossy);
        lossy.Fault = (verb, _) => verb == "put-if-absent" ? ScriptedFault.After : ScriptedFault.None;
        Assert.Equal((1L, false), Of(await CommitAsync(table.StateStore, "a")));
        Assert.Equal((2L, false), Of(await CommitAsync(table.StateStore, "b")));
        Assert.Equal(2, (await table.StateStore.LoadStateAsync(Token)).References.Count);

        static (long, bool) Of(CommitResult result) => (result.TransactionNumber, result.AlreadyCommitted);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Item_20_a_transaction_in_the_wrong_log_is_refused(string kind)
    {
        var (files, partitions, store) = await MakeAsync(kind);
        await PutAsync(partitions, 2, TransactionType.AddFiles, OneFile, (await partitions.ReadAsync(1, Token))!.Checksum);
        await PutAsync(files, 1, TransactionType.InitialisePartitions, """{"partitions":[]}""", "");
        Assert.Contains("files log", (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadPartitionsAsync(Token))).Message, StringComparison.Ordinal);
        Assert.Contains("partitions log", (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadStateAsync(Token))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Item_21_a_partition_that_is_gone_fails_before_the_put_and_one_that_was_split_does_not(string kind)
    {
        var (files, partitions, store) = await MakeAsync(kind);
        var attempt = await store.BeginAttemptAsync("id", Token);
        await Assert.ThrowsAsync<CommitFailedException>(() => store.CommitAsync(attempt, Commit(attempt, partitionId: "gone"), Token));
        Assert.Null(await files.ReadAsync(1, Token));

        var tree = await store.LoadPartitionsAsync(Token);
        Assert.True(await SplitAsync(partitions, TableId, tree, "p0", "f", "lo", "hi"));
        attempt = await store.BeginAttemptAsync("id", Token);
        Assert.Equal(1, (await store.CommitAsync(attempt, Commit(attempt), Token)).TransactionNumber);
        Assert.Equal(["lo", "hi", "p1"], (await store.LoadStateAsync(Token)).Partitions.Leaves.Select(l => l.Id));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Item_22_what_readers_would_apply_blindly_is_refused_before_the_put(string kind)
    {
        var (files, _, store) = await MakeAsync(kind);
        var attempt = await store.BeginAttemptAsync("id", Token);
        string name = TablePaths.DataFile("p0", attempt.FileNamePrefix, 0);
        DataFile File(params FileReference[] references) => new(name, 1, references);
        IngestCommit[] wrong =
        [
            new([File(new FileReference(name, "p0", 1)), File(new FileReference(name, "p0", 1))], 2, 1),
            new([File(new FileReference(name, "p0", -1))], -1, 1),
            new([File(new FileReference(name, "", 1))], 1, 1),
            new([File(new FileReference(name, "p0", 1), new FileReference(name, "p0", 1))], 2, 1),
            new([File()], 0, 1),
        ];
        foreach (var commit in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.CommitAsync(attempt, commit, Token));
        }

        string root = (await store.LoadPartitionsAsync(Token)).Root.Id;
        await Assert.ThrowsAsync<CommitFailedException>(
            () => store.CommitAsync(attempt, new([File(new FileReference(name, "p0", 1), new FileReference(name, root, 1))], 2, 1), Token));
        Assert.Null(await files.ReadAsync(1, Token));
    }

    [Theory]
    [InlineData("""{"files":[{"filename":"f","more":1,"references":[{"partitionId":"p0","numberOfRows":5,"x":{}}]}],"other":null}""", "f", 5)]
    [InlineData("""{"jobId":null,"files":[{"filename":"f","references":[{"partitionId":"p0","numberOfRows":"3","jobId":null}]}]}""", "f", 3)]
    [InlineData("""{"files":[{"filename":"f\u003d","references":[{"partitionId":"p0","numberOfRows":3.0}]}]}""", "f=", 3)]
    [InlineData("""{"files":[{"filename":"f","references":[{"partitionId":"p0","numberOfRows":-3}]}]}""", "f", -3)]
    public async Task Item_25_bodies_are_read_leniently(string body, string name, long rows)
    {
        var (files, _, store) = await MakeAsync("objects");
        await PutAsync(files, 1, TransactionType.AddFiles, body, "");
        Assert.Equal(
            new FileReference(name, "p0", rows, CountApproximate: false, OnlyContainsDataForThisPartition: false),
            Assert.Single((await store.LoadStateAsync(Token)).References));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"files":[{"references":[]}]}""")]
    [InlineData("""{"files":[{"filename":"f"}]}""")]
    [InlineData("""{"files":[{"filename":"f","references":[{"numberOfRows":1}]}]}""")]
    [InlineData("""{"files":[{"filename":"f","references":[{"partitionId":"p0"}]}]}""")]
    public async Task Item_26_a_body_without_what_readers_need_is_damage_that_names_the_entry(string body)
    {
        var (files, _, store) = await MakeAsync("objects");
        await PutAsync(files, 1, TransactionType.AddFiles, body, "");
        Assert.Equal(files.NameOf(1), (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadStateAsync(Token))).ObjectName);
    }

    [Theory]
    [InlineData("add_files")]
    [InlineData("ADD_MORE_FILES")]
    public async Task Item_26_a_type_that_is_unknown_or_in_lower_case_is_damage_that_names_the_entry(string type)
    {
        var objects = new InMemoryObjectStore();
        using var table = await CreateAsync(objects);
        await CommitAsync(table.StateStore, "id");
        string path = table.Paths.LogEntry(LogKind.Files, 1);
        string text = Encoding.UTF8.GetString(await ReadAsync(objects, path));
        string header = text[(text.IndexOf("\"header\":", StringComparison.Ordinal) + 9)..text.IndexOf(",\"checksum\"", StringComparison.Ordinal)];
        string changed = header.Replace("\"ADD_FILES\"", $"\"{type}\"", StringComparison.Ordinal);
        await objects.PutAsync(path, Encoding.UTF8.GetBytes(text.Replace(header, changed, StringComparison.Ordinal)
            .Replace(Hash(header), Hash(changed), StringComparison.Ordinal)), Token);
        Assert.Contains(path, (await Assert.ThrowsAsync<TableDamagedException>(() => OpenAsync(objects, 2))).ObjectName, StringComparison.Ordinal);

        static string Hash(string json) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(json)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Items_28_to_31_and_53_a_history_gives_the_listed_states_through_the_store(string kind)
    {
        var (files, _, store) = await MakeAsync(kind);
        var entries = new FilesTransaction[]
        {
            Add(("F1", ["p0"]), ("F2", ["p1"])),
            Add(("F3", ["p0", "p1"])),
            Add(("F3", ["p1"]), ("F9", ["p1"])), // 29: F3 is known, F9 is not added
            new AssignJobIds([new("c1", "p1", ["F2", "F3"])]),
            new ReplaceFileReferences( // 30: the second job is skipped
            [
                new("c1", "t", "r", ["F2", "F3"], new ReferenceBody("F4", "p1", 110, null, false, true)),
                new("unknown", null, null, ["none"], new ReferenceBody("F5", "p1", 1, null, false, true)),
            ]),
            new DeleteFiles(["F2", "F2"]),
            Add(("F6", ["p0", "p0"]), ("F7", ["p0"]), ("F7", ["p1"])), // 53: the last counts
        };
        string before = "";
        for (int i = 0; i < entries.Length; i++)
        {
            before = await PutAsync(files, i + 1, entries[i].Type, Encoding.UTF8.GetString(entries[i].ToBytes()), before);
        }

        var state = await store.LoadStateAsync(Token);
        Assert.Equal(["F1 p0 10", "F3 p0 10", "F4 p1 110", "F6 p0 11", "F7 p1 10"], state.References.Select(r => $"{r.FileName} {r.PartitionId} {r.RowCount}"));

        // 31: what an entry changes has its time. The state for readers has no times; the snapshot has.
        var replayed = new FilesState();
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Apply(replayed, Time(i + 1));
        }

        Assert.Equal((Time(5), Time(2)), (replayed.Get("F3").UpdateTime, replayed.Get("F3").Get("p0").UpdateTime));
    }

    [Fact]
    public async Task Items_39_40_43_44_46_trees_of_all_key_types_come_back_and_keys_at_a_split_point_go_right()
    {
        (FieldType Type, FieldValue[] Points, FieldValue[] Below)[] cases =
        [
            (FieldType.Int, [-5, 7], [-6, 6]),
            (FieldType.Long, [long.MinValue + 1, 0L, long.MaxValue], [long.MinValue, -1L, long.MaxValue - 1]),
            (FieldType.String, ["a\"=", "é", "\U0001F600"], ["a\"", "e\u0301", "\uFFFD"]),
            (FieldType.ByteArray, [new byte[] { 0x05 }, new byte[] { 0x80 }], [new byte[] { 0x04, 0xFF }, new byte[] { 0x7F, 0xFF }]),
        ];
        foreach (var (type, points, below) in cases)
        {
            var schema = Schema.Create().RowKey("k", type).Value("v", FieldType.Long).Build();
            int next = 0;
            var tree = PartitionTree.FromSplitPoints(schema, points, () => $"id-{next++}");
            var store = new InMemoryObjectStore();
            (await OwnTable.CreateOrOpenAsync(store, Name, schema, tree, Options(), null, Token)).Dispose();
            using var opened = await OwnTable.OpenAsync(store, Name, Options(2), null, Token);
            var read = await opened.StateStore.LoadPartitionsAsync(Token);
            Assert.Equal(points.Length + 1, read.Leaves.Count);
            Assert.Equal(tree.All.Select(p => (p.Id, p.ParentId, p.Region, p.Dimension)).Order(), read.All.Select(p => (p.Id, p.ParentId, p.Region, p.Dimension)).Order());
            Assert.Null(read.Root.ParentId);
            for (int i = 0; i < points.Length; i++)
            {
                Assert.Equal(read.Leaves[i + 1].Id, read.LeafOf([points[i]], KeyOrder.Bytes).Id);
                Assert.Equal(read.Leaves[i].Id, read.LeafOf([below[i]], KeyOrder.Bytes).Id);
            }
        }
    }

    [Theory]
    [InlineData("""{"partitions":[]}""")]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":true,"max":null,"maxInclusive":false},"stringsBase64Encoded":true}},{"partitionId":"b","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":true,"max":null,"maxInclusive":false},"stringsBase64Encoded":true}}]}""")]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":false,"maxInclusive":false},"stringsBase64Encoded":true}}]}""")]
    [InlineData("""{"partitions":[{"partitionId":"a","isLeafPartition":true,"childPartitionIds":[],"dimension":-1,"region":{"key":{"min":"","minInclusive":true,"max":"bQ==","maxInclusive":true},"stringsBase64Encoded":true}}]}""")]
    public async Task Item_45_what_is_no_tree_or_no_canonical_range_is_damage_that_names_the_entry(string body)
    {
        var partitions = new InMemoryTransactionLog(TableId, LogKind.Partitions);
        await PutAsync(partitions, 1, TransactionType.InitialisePartitions, body, "");
        using var store = Open(new InMemoryTransactionLog(TableId, LogKind.Files), partitions);
        Assert.Equal(partitions.NameOf(1), (await Assert.ThrowsAsync<TableDamagedException>(() => store.LoadPartitionsAsync(Token))).ObjectName);
    }

    private static IEnumerable<string> Members(JsonElement json) => json.EnumerateObject().Select(m => m.Name);

    private static AddFiles Add(params (string Name, string[] Partitions)[] files) =>
        new([.. files.Select(f => new AddFiles.File(f.Name, [.. f.Partitions.Select((p, i) => new ReferenceBody(null, p, 10 + i, null, false, f.Partitions.Length == 1))]))]);

    private static DateTimeOffset Time(long number) => DateTimeOffset.FromUnixTimeMilliseconds(1767323000000 + (1000 * number));

    private static async Task<string> PutAsync(ITransactionLog log, long number, TransactionType type, string body, string before)
    {
        var header = new EntryHeader
        {
            TableId = TableId,
            Log = log.Kind,
            Number = number,
            Type = type,
            Time = Time(number),
            Writer = "outside",
            Before = before,
        };
        var entry = log.Prepare(new LogEntry(header, Encoding.UTF8.GetBytes(body), []));
        Assert.True(await log.AppendIfAbsentAsync(entry, Token));
        return entry.Entry.Checksum;
    }

    private static TransactionLogStateStore Open(ITransactionLog files, ITransactionLog partitions) => new(
        TableId,
        TableSchema,
        files,
        partitions,
        new ObjectStoreIntents(new InMemoryObjectStore(), new TablePaths(Name), TableId),
        new ObjectStoreSnapshots(new InMemoryObjectStore(), new TablePaths(Name), TableId, TableSchema),
        Options());

    private async Task<(ITransactionLog Files, ITransactionLog Partitions, TransactionLogStateStore Store)> MakeAsync(string kind)
    {
        IObjectStore objects = kind switch
        {
            "folder" => new LocalObjectStore(_folder.Path),
            "bucket" => new S3TestBed().Store,
            _ => new InMemoryObjectStore(),
        };
        ITransactionLog Log(LogKind log) => kind == "memory"
            ? new InMemoryTransactionLog(TableId, log)
            : new ObjectStoreTransactionLog(objects, new TablePaths(Name), TableId, log);
        var (files, partitions) = (Log(LogKind.Files), Log(LogKind.Partitions));
        var store = Open(files, partitions);
        await store.InitialisePartitionsAsync(Tree("m"), Token);
        return (files, partitions, store);
    }
}
