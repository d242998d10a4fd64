using System.Text;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;
using static Sleeper.Ingest.Core.Tests.Support.TableFixture;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

public sealed class PartitionsLogTests
{
    private readonly InMemoryObjectStore _memory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_history_of_splits_gives_the_leaves_of_the_java_system()
    {
        var everything = Region.Everything(TransactionFixture.AreaAndId);
        var west = everything.With(0, "", "m");
        var east = everything.With(0, "m", FieldValue.Null);
        var partitions = new Dictionary<string, Partition>();
        Run(new InitialisePartitions(
        [
            new("root", null, ["west", "east"], everything, 0), new("west", "root", [], west, -1), new("east", "root", [], east, -1),
        ]));
        Run(new SplitPartition(
            new("west", "root", ["west-lo", "west-hi"], west, 1),
            [new("west-lo", "west", [], west.With(1, long.MinValue, 1000L), -1), new("west-hi", "west", [], west.With(1, 1000L, FieldValue.Null), -1)]));
        Run(new ExtendPartitionTree(
            [new("east", "root", ["east-a", "east-b"], east, 0)],
            [new("east-a", "east", [], everything.With(0, "m", "t"), -1), new("east-b", "east", [], everything.With(0, "t", FieldValue.Null), -1)]));
        var tree = new PartitionTree(partitions.Values);
        (string Area, long Id, string Leaf)[] expected =
        [
            ("", long.MinValue, "west-lo"), ("a", 999, "west-lo"), ("a", 1000, "west-hi"), ("l\uFFFF", 5, "west-lo"), ("m", 0, "east-a"),
            ("s~", 0, "east-a"), ("t", 0, "east-b"), ("z", long.MaxValue, "east-b"),
        ];
        foreach (var (area, id, leaf) in expected)
        {
            Assert.Equal(leaf, tree.LeafOf([area, id], KeyOrder.Java).Id);
            Assert.Equal(leaf, tree.LeafOf([area, id], KeyOrder.Bytes).Id);
        }

        // Through their JSON, as a reader gets them.
        void Run(PartitionsTransaction transaction) =>
            ((PartitionsTransaction)Transaction.Read(transaction.Type, transaction.ToBytes(), TransactionFixture.AreaAndId)).Apply(partitions);
    }

    [Fact]
    public async Task A_writer_that_planned_before_a_split_commits_and_readers_see_both()
    {
        using var table = await CreateAsync(_memory);
        using var reader = await OpenAsync(_memory, 2);
        await reader.StateStore.LoadPartitionsAsync(Token);
        var attempt = await table.StateStore.BeginAttemptAsync("old", Token);
        var log = new ObjectStoreTransactionLog(_memory, table.Paths, table.TableId, LogKind.Partitions);
        Assert.True(await SplitAsync(log, table.TableId, await table.StateStore.LoadPartitionsAsync(Token), "p0", "f", "a0", "a1"));
        await table.StateStore.CommitAsync(attempt, Commit(attempt), Token);
        var fresh = await table.StateStore.BeginAttemptAsync("new", Token);
        await table.StateStore.CommitAsync(fresh, Commit(fresh, partitionId: "a1"), Token);

        var state = await reader.StateStore.LoadStateAsync(Token);
        Assert.Equal(["p0", "a1"], state.References.Select(r => r.PartitionId));
        Assert.Equal(["a0", "a1", "p1"], state.Partitions.Leaves.Select(l => l.Id));
    }

    [Fact]
    public async Task A_partition_that_does_not_exist_is_refused_before_anything_is_written()
    {
        using var table = await CreateAsync(_memory);
        var attempt = await table.StateStore.BeginAttemptAsync("id", Token);
        var refused = await Assert.ThrowsAsync<CommitFailedException>(
            () => table.StateStore.CommitAsync(attempt, Commit(attempt, partitionId: "nowhere"), Token));
        Assert.Contains("'nowhere'", refused.Message);
        Assert.Empty(await ObjectsAsync(_memory, "events/log/files/"));
    }

    [Fact]
    public async Task References_on_a_partition_and_on_one_above_it_are_refused()
    {
        using var table = await CreateAsync(_memory);
        var attempt = await table.StateStore.BeginAttemptAsync("id", Token);
        string name = $"data/partition_root/{attempt.FileNamePrefix}-0.parquet";
        var file = new DataFile(name, 1, [new(name, "root", 1), new(name, "p0", 1)]);
        var refused = await Assert.ThrowsAsync<CommitFailedException>(
            () => table.StateStore.CommitAsync(attempt, new IngestCommit([file], 2, 1), Token));
        Assert.Contains("read twice", refused.Message);
    }

    [Fact]
    public async Task Partitions_are_initialised_once_and_who_comes_second_gets_the_first_tree()
    {
        using var one = await CreateAsync(_memory);
        using var two = await OpenAsync(_memory, 2);
        Assert.Equal(Tree("m").Leaves, (await two.StateStore.InitialisePartitionsAsync(Tree("a", "b", "c"), Token)).Leaves);
        Assert.Single(await ObjectsAsync(_memory, "events/log/partitions/"));
    }

    [Fact]
    public async Task A_second_initialisation_in_the_log_is_damage()
    {
        using var table = await CreateAsync(_memory);
        await AppendAsync(table.TableId, 2, new InitialisePartitions([.. Tree("x").All]));
        Assert.Contains("never comes again", (await Assert.ThrowsAsync<TableDamagedException>(() => table.StateStore.LoadPartitionsAsync(Token))).Message);
    }

    [Fact]
    public async Task Partitions_that_are_no_tree_are_damage_that_names_the_entry()
    {
        using var table = await CreateAsync(_memory);
        await AppendAsync(table.TableId, 2, new SplitPartition(new("p0", "root", ["x", "y"], Region.Everything(TableSchema), 0), []));
        var damaged = await Assert.ThrowsAsync<TableDamagedException>(() => table.StateStore.LoadPartitionsAsync(Token));
        Assert.Contains("partitions/00000000000000000002.json", damaged.ObjectName);
    }

    [Fact]
    public async Task A_split_in_the_files_log_is_damage()
    {
        using var table = await CreateAsync(_memory);
        var log = new ObjectStoreTransactionLog(_memory, table.Paths, table.TableId, LogKind.Files);
        await log.AppendIfAbsentAsync(log.Prepare(Entry(table.TableId, LogKind.Files, 1, "", new InitialisePartitions([]))), Token);
        Assert.Contains("belongs in the partitions log", (await Assert.ThrowsAsync<TableDamagedException>(() => table.StateStore.LoadStateAsync(Token))).Message);
    }

    [Fact]
    public async Task The_bodies_of_the_log_are_those_of_the_java_system()
    {
        using var table = await CreateAsync(_memory);
        var attempt = await table.StateStore.BeginAttemptAsync("id", Token);
        var commit = Commit(attempt, 120);
        await table.StateStore.CommitAsync(attempt, commit, Token);
        var files = EntryFormat.Read(await ReadAsync(_memory, "events/log/files/00000000000000000001.json"), "x");
        var java = TransactionFixture.Read("ADD_FILES.plain");
        TransactionFixture.AssertSameJson(
            java.Text
                .Replace("s3a://sleeper-fixture-table-data-123456789012/0a1b2c3d/data/partition_west/aaaa.parquet", commit.Files[0].FileName, StringComparison.Ordinal)
                .Replace("\"west\"", "\"p0\"", StringComparison.Ordinal),
            Encoding.UTF8.GetString(files.Body.Span));
    }

    [Fact]
    public async Task The_first_partitions_of_a_single_tree_are_those_of_the_java_system()
    {
        var store = new InMemoryObjectStore();
        using var table = await Core.StateStores.OwnTables.OwnTable.CreateOrOpenAsync(
            store, "t", TransactionFixture.AreaAndId, PartitionTree.Single(TransactionFixture.AreaAndId), Options(), null, Token);
        var entry = EntryFormat.Read(await ReadAsync(store, "t/log/partitions/00000000000000000001.json"), "x");
        TransactionFixture.AssertSameJson(TransactionFixture.Read("INITIALISE_PARTITIONS.single").Text, Encoding.UTF8.GetString(entry.Body.Span));
    }

    private static LogEntry Entry(string tableId, LogKind log, long number, string before, Transaction transaction) => new(
        new EntryHeader
        {
            TableId = tableId,
            Log = log,
            Number = number,
            Type = transaction.Type,
            Time = DateTimeOffset.UnixEpoch,
            Writer = "test",
            Before = before,
        },
        transaction.ToBytes(),
        []);

    private async Task AppendAsync(string tableId, long number, PartitionsTransaction transaction)
    {
        var log = new ObjectStoreTransactionLog(_memory, new(Name), tableId, LogKind.Partitions);
        var before = await log.ReadAsync(number - 1, Token);
        Assert.True(await log.AppendIfAbsentAsync(log.Prepare(Entry(tableId, LogKind.Partitions, number, before!.Checksum, transaction)), Token));
    }
}
