using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.StateStores.TransactionLog.Snapshots;

/// <summary>The logs and snapshots of one table in memory, written from outside: any transaction, as another program would put it.</summary>
internal sealed class SnapshotBed
{
    public const string TableId = "0a1b2c3d";
    private string _before = "";
    private string _partitionsBefore = "";
    private long _number;
    private long _partitionsNumber;

    public SnapshotBed()
    {
        Store = new InMemoryObjectStore();
        Paths = new TablePaths(TableFixture.Name);
        Files = new ObjectStoreTransactionLog(Store, Paths, TableId, LogKind.Files);
        Partitions = new ObjectStoreTransactionLog(Store, Paths, TableId, LogKind.Partitions);
        Snapshots = new ObjectStoreSnapshots(Store, Paths, TableId, TableFixture.TableSchema);
    }

    public InMemoryObjectStore Store { get; }

    public TablePaths Paths { get; }

    public ITransactionLog Files { get; }

    public ITransactionLog Partitions { get; }

    public ISnapshots Snapshots { get; }

    public long Number => _number;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task PutTreeAsync(PartitionTree tree)
    {
        var header = Header(LogKind.Partitions, TransactionType.InitialisePartitions, ++_partitionsNumber, _partitionsBefore);
        var entry = Partitions.Prepare(new LogEntry(header, new InitialisePartitions([.. tree.All]).ToBytes(), []));
        Assert.True(await Partitions.AppendIfAbsentAsync(entry, Token));
        _partitionsBefore = entry.Entry.Checksum;
    }

    public async Task PutAsync(FilesTransaction transaction, Func<EntryHeader, EntryHeader>? change = null)
    {
        var header = Header(LogKind.Files, transaction.Type, ++_number, _before);
        var entry = Files.Prepare(new LogEntry(change is null ? header : change(header), transaction.ToBytes(), []));
        Assert.True(await Files.AppendIfAbsentAsync(entry, Token));
        _before = entry.Entry.Checksum;
    }

    public TransactionLogStateStore Open(int seed = 1, int interval = 1_000_000) => new(
        TableId,
        TableFixture.TableSchema,
        Files,
        Partitions,
        new ObjectStoreIntents(Store, Paths, TableId),
        Snapshots,
        TableFixture.Options(seed) with { SnapshotInterval = interval, CleanUpFailed = (what, error) => throw new InvalidOperationException(what, error) });

    /// <summary>The bytes of the files snapshot of an entry, computed from an earlier one.</summary>
    public async Task<byte[]> BuildFilesAsync(long from, long number)
    {
        var builder = new FilesSnapshotBuilder(TableId, TableFixture.TableSchema, Files, Snapshots);
        using var bytes = new MemoryStream();
        await builder.WriteAsync(from, number, null, (piece, token) => bytes.WriteAsync(piece, token), Token);
        return bytes.ToArray();
    }

    /// <summary>Lines with a right seal, whatever is in them: what a faulty writer would put.</summary>
    public static async Task<byte[]> SealAsync(IEnumerable<string> lines)
    {
        using var bytes = new MemoryStream();
        using var writer = new SealedLineWriter((piece, token) => bytes.WriteAsync(piece, token));
        foreach (string line in lines)
        {
            await writer.CopyAsync(System.Text.Encoding.UTF8.GetBytes(line), Token);
        }

        await writer.SealAsync(Token);
        return bytes.ToArray();
    }

    private static EntryHeader Header(LogKind log, TransactionType type, long number, string before) => new()
    {
        TableId = TableId,
        Log = log,
        Number = number,
        Type = type,
        Time = DateTimeOffset.FromUnixTimeMilliseconds(1767323000000 + number),
        Writer = "outside",
        Before = before,
        PartitionsNumber = log == LogKind.Files ? 1 : 0,
    };
}
