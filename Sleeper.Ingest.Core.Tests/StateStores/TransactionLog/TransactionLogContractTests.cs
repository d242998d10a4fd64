using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog;

/// <summary>What every log keeps.</summary>
public abstract class TransactionLogContractTests
{
    private protected const string TableId = "0a1b2c3d";

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_number_has_one_owner()
    {
        var log = CreateLog(LogKind.Files);
        var wins = await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            var entry = log.Prepare(Entry(LogKind.Files, 1, "", $"writer-{writer}"));
            return (Won: await log.AppendIfAbsentAsync(entry, Token), entry.Entry.Checksum);
        })));
        string winner = Assert.Single(wins, w => w.Won).Checksum;
        Assert.Equal(winner, (await log.ReadAsync(1, Token))!.Checksum);
        await log.MakeDurableAsync(1, Token);
        Assert.Null(await log.ReadAsync(2, Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Entries_are_read_in_order_from_any_number_to_the_end(bool looksForHoles)
    {
        var log = CreateLog(LogKind.Files);
        Assert.Empty(await ReadAsync(log, 1, looksForHoles));
        await FillAsync(log, 70);
        Assert.Equal(Enumerable.Range(1, 70).Select(n => (long)n), await ReadAsync(log, 1, looksForHoles));
        Assert.Equal(Enumerable.Range(34, 37).Select(n => (long)n), await ReadAsync(log, 34, looksForHoles));
        Assert.Empty(await ReadAsync(log, 71, looksForHoles));
    }

    [Fact]
    public async Task A_hole_is_found_when_it_is_looked_for()
    {
        var log = CreateLog(LogKind.Files);
        await FillAsync(log, 3);
        await log.AppendIfAbsentAsync(log.Prepare(Entry(LogKind.Files, 9, "x", "w")), Token);
        Assert.Equal(log.NameOf(4), (await Assert.ThrowsAsync<TableDamagedException>(() => ReadAsync(log, 1, looksForHoles: true))).ObjectName);
    }

    [Fact]
    public async Task A_state_store_works_on_it()
    {
        var files = CreateLog(LogKind.Files);
        var partitions = CreateLog(LogKind.Partitions);
        var intents = new ObjectStoreIntents(new InMemoryObjectStore(), new TablePaths("t"), TableId);
        var snapshots = new ObjectStoreSnapshots(new InMemoryObjectStore(), new TablePaths("t"), TableId, TableFixture.TableSchema);
        using var one = new TransactionLogStateStore(TableId, TableFixture.TableSchema, files, partitions, intents, snapshots, TableFixture.Options(1) with { SnapshotInterval = 2 });
        using var two = new TransactionLogStateStore(TableId, TableFixture.TableSchema, files, partitions, intents, snapshots, TableFixture.Options(2) with { SnapshotInterval = 2 });
        await one.InitialisePartitionsAsync(TableFixture.Tree("m"), Token);
        Assert.Equal(1, (await TableFixture.CommitAsync(one, "a")).TransactionNumber);
        Assert.Equal(2, (await TableFixture.CommitAsync(two, "b")).TransactionNumber);
        Assert.True((await TableFixture.CommitAsync(two, "a")).AlreadyCommitted);
        Assert.Null((await one.ResolveAsync("c", Token)).Committed);
        var state = await two.LoadStateAsync(Token);
        Assert.Equal((3, 2), (state.TransactionNumber, state.References.Count));
    }

    private protected abstract ITransactionLog CreateLog(LogKind kind);

    private static LogEntry Entry(LogKind kind, long number, string before, string writer) => new(
        new EntryHeader
        {
            TableId = TableId,
            Log = kind,
            Number = number,
            Type = TransactionType.AddFiles,
            Time = DateTimeOffset.UnixEpoch,
            Writer = writer,
            Before = before,
        },
        "{\"files\":[]}"u8.ToArray(),
        []);

    private static async Task FillAsync(ITransactionLog log, int count)
    {
        string before = "";
        for (int number = 1; number <= count; number++)
        {
            var entry = log.Prepare(Entry(log.Kind, number, before, "w"));
            Assert.True(await log.AppendIfAbsentAsync(entry, Token));
            before = entry.Entry.Checksum;
        }
    }

    private static async Task<List<long>> ReadAsync(ITransactionLog log, long first, bool looksForHoles)
    {
        var numbers = new List<long>();
        await foreach (var entry in log.ReadFromAsync(first, looksForHoles ? await log.LastListedAsync(first, Token) : 0, Token))
        {
            numbers.Add(entry.Number);
        }

        return numbers;
    }
}
