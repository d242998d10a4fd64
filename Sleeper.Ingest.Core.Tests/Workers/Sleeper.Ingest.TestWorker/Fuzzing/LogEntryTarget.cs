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

    public override void Run(byte[] input, FuzzWork work)
    {
        LogEntry entry = EntryFormat.Read(input, ObjectName);
        Transaction transaction = EntryBody.Read(entry, ObjectName, Keys);
        work.DeliveredBytes = entry.Body.Length;
        if (transaction is FilesTransaction files && entry.Header.Log == LogKind.Files)
        {
            EntryBody.Apply(files, entry, ObjectName, new FilesState());
        }
    }
}
