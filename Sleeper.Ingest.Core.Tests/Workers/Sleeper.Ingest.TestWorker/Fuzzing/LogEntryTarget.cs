using System.Text;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Entries of a transaction log: with damaged bytes, or with a damaged body under checksums that are right.</summary>
internal sealed class LogEntryTarget : FuzzTarget
{
    private const string ObjectName = "log/files/00000000000000000002.json";

    private static readonly Schema Keys = Schema.Create().RowKey("key", FieldType.Long).Build();

    private static readonly (TransactionType Type, string Body)[] Bodies =
    [
        (TransactionType.AddFiles, """{"files":[{"filename":"a.parquet","references":[{"partitionId":"root","numberOfRows":20,"countApproximate":false,"onlyContainsDataForThisPartition":true}]}]}"""),
        (TransactionType.ClearFiles, "{}"),
        (TransactionType.DeleteFiles, """{"filenames":["a.parquet","b.parquet"]}"""),
        (TransactionType.AddFiles, """{"jobId":"j","taskId":"t","jobRunId":"r","writtenTime":1767323000000,"files":[{"filename":"b.parquet","references":[]}]}"""),
        (TransactionType.AssignJobIds, """{"requests":[{"jobId":"again","partitionId":"root","filenames":["known.parquet"]}]}"""),
        (TransactionType.ReplaceFileReferences, """{"jobs":[{"jobId":"job","taskId":"t","jobRunId":"r","inputFiles":["given.parquet"],"newReference":{"filename":"new.parquet","partitionId":"root","numberOfRows":5,"countApproximate":false,"onlyContainsDataForThisPartition":true}}]}"""),
        (TransactionType.SplitFileReferences, """{"requests":[{"oldReference":{"filename":"known.parquet","partitionId":"root","numberOfRows":20,"countApproximate":false,"onlyContainsDataForThisPartition":true},"newReferences":[{"filename":"known.parquet","partitionId":"west","numberOfRows":9,"countApproximate":true,"onlyContainsDataForThisPartition":false}]}]}"""),
        (TransactionType.SplitPartition, """{"parent":{"partitionId":"root","isLeafPartition":false,"childPartitionIds":["west"],"region":{},"dimension":0},"newChildren":[{"partitionId":"west","isLeafPartition":true,"parentPartitionId":"root","childPartitionIds":[],"region":{"key":{"min":5,"minInclusive":true,"maxInclusive":false}},"dimension":-1}]}"""),
        (TransactionType.ExtendPartitionTree, """{"updatePartitions":[],"newPartitions":[{"partitionId":"west","isLeafPartition":true,"childPartitionIds":[],"region":{},"dimension":-1}]}"""),
        (TransactionType.InitialisePartitions, """{"partitions":[{"partitionId":"root","isLeafPartition":true,"childPartitionIds":[],"region":{"key":{"min":-9223372036854775808,"minInclusive":true,"max":null,"maxInclusive":false},"stringsBase64Encoded":true},"dimension":-1}]}"""),
    ];

    private static readonly byte[][] Pieces = [.. Bodies.Select(body => Encoding.UTF8.GetBytes(body.Body)), "null"u8.ToArray(), "1e999"u8.ToArray(), "\"\\ud800\""u8.ToArray(), "[[[[[[["u8.ToArray()];

    public override string Name => "log-entry";

    /// <summary>JSON documents and their texts.</summary>
    public override long FreeBytes => 128 << 10;

    public override bool IsRefusal(Exception error) => error is TableDamagedException or UnsupportedTableException;

    public override byte[] Make(FuzzRandom random)
    {
        (TransactionType type, string body) = random.Pick(Bodies);
        byte[] bodyBytes = Encoding.UTF8.GetBytes(body);
        bool isBody = random.OneIn(2);
        if (isBody)
        {
            bodyBytes = ByteMutator.Mutated(bodyBytes, Pieces, random);
            bodyBytes = bodyBytes.Length == 0 ? "null"u8.ToArray() : bodyBytes;
        }

        var header = new EntryHeader
        {
            TableId = "0a1b2c3d",
            Log = LogKind.Files,
            Number = 2,
            Type = type,
            Time = DateTimeOffset.UnixEpoch,
            Writer = "fuzz",
            IngestId = random.OneIn(2) ? "ingest" : null,
            Before = new string('0', 64),
        };
        byte[] entry = EntryFormat.Write(new LogEntry(header, bodyBytes, [8123], ""), out _);
        return isBody ? entry : ByteMutator.Mutated(entry, Pieces, random);
    }

    /// <summary>A table with a file, and one that a compaction has been given.</summary>
    private static FilesState Before()
    {
        var state = new FilesState();
        foreach ((string name, string? job) in (IEnumerable<(string, string?)>)[("known.parquet", null), ("given.parquet", "job")])
        {
            var file = new FileState(name, DateTimeOffset.UnixEpoch);
            file.References["root"] = new FileReferenceState("root", 20, job, CountApproximate: false, OnlyContainsDataForThisPartition: true, DateTimeOffset.UnixEpoch);
            state.Restore(file);
        }

        return state;
    }

    public override void Run(byte[] input, FuzzWork work)
    {
        LogEntry entry = EntryFormat.Read(input, ObjectName);
        Transaction transaction = EntryBody.Read(entry, ObjectName, Keys);
        work.DeliveredBytes = entry.Body.Length;
        if (transaction is FilesTransaction files && entry.Header.Log == LogKind.Files)
        {
            EntryBody.Apply(files, entry, ObjectName, Before());
        }
    }
}
