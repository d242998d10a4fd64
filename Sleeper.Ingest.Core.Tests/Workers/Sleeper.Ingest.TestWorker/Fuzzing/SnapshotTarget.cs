using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.OwnTables;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Both objects of a table's snapshot: with damaged bytes, or with damaged lines under a seal that is right.</summary>
internal sealed class SnapshotTarget : FuzzTarget
{
    private const string TableId = "0a1b2c3d";
    private const long Number = 2;

    private static readonly Schema Keys = Schema.Create().RowKey("key", FieldType.Long).RowKey("text", FieldType.String).RowKey("bytes", FieldType.ByteArray).RowKey("small", FieldType.Int).Build();
    private static readonly TablePaths Paths = new("made");

    private static readonly string[] Head =
    [
        """{"format":1,"kind":"head","table":"0a1b2c3d","number":2,"checksum":"aa","partitions":3,"partitionsChecksum":"bb","ledgerFrom":1}""",
        """{"partition":{"partitionId":"root","isLeafPartition":false,"childPartitionIds":["p0","p1"],"region":{"key":{"min":-9223372036854775808,"minInclusive":true,"maxInclusive":false},"text":{"min":"","minInclusive":true,"maxInclusive":false},"bytes":{"min":"","minInclusive":true,"maxInclusive":false},"small":{"min":-2147483648,"minInclusive":true,"maxInclusive":false},"stringsBase64Encoded":true},"dimension":0}}""",
        """{"partition":{"partitionId":"p0","isLeafPartition":true,"parentPartitionId":"root","childPartitionIds":[],"region":{"key":{"min":-9223372036854775808,"minInclusive":true,"max":100,"maxInclusive":false},"text":{"min":"","minInclusive":true,"maxInclusive":false},"bytes":{"min":"","minInclusive":true,"maxInclusive":false},"small":{"min":-2147483648,"minInclusive":true,"maxInclusive":false},"stringsBase64Encoded":true},"dimension":-1}}""",
        """{"partition":{"partitionId":"p1","isLeafPartition":true,"parentPartitionId":"root","childPartitionIds":[],"region":{"key":{"min":100,"minInclusive":true,"maxInclusive":false},"text":{"min":"","minInclusive":true,"max":"bQ==","maxInclusive":false},"bytes":{"min":"AQ==","minInclusive":true,"maxInclusive":false},"stringsBase64Encoded":false},"dimension":-1}}""",
        """{"commit":{"number":1,"ingest":"first","attempt":"0123456789abcdef","rows":20,"digest":"cc"}}""",
        """{"commit":{"number":2,"ingest":"second","attempt":"fedcba9876543210","rows":0}}""",
        """{"end":{"number":1,"ingest":"third","attempt":"0123456789abcdef"}}""",
        """{"end":{"number":2,"ingest":"fourth"}}""",
    ];

    private static readonly string[] Files =
    [
        """{"format":1,"kind":"files","table":"0a1b2c3d","number":2,"checksum":"aa","partitions":3}""",
        """{"recent":{"number":1,"ingest":"first","rows":20,"fileCount":1,"time":1767323000000}}""",
        """{"file":{"name":"a.parquet","updated":1767323000000,"references":[{"partition":"p0","rows":20,"updated":1767323000000}]}}""",
        """{"file":{"name":"b.parquet","updated":1767323000000,"references":[{"partition":"p0","rows":9223372036854775807,"job":"compact","approximate":true,"shared":true,"updated":1},{"partition":"p1","rows":"3","shared":true,"updated":3.0}]}}""",
        """{"file":{"name":"c.parquet","updated":0,"references":[]}}""",
    ];

    private static readonly byte[][] Pieces =
        [.. Head.Concat(Files).Select(Encoding.UTF8.GetBytes), "null"u8.ToArray(), "1e999"u8.ToArray(), "\"\\ud800\""u8.ToArray(), "\\udc00"u8.ToArray(), "[[[[[["u8.ToArray(), "}\n{"u8.ToArray(), "\"text\":{\"min\":\"bQ=\"}"u8.ToArray()];

    public override string Name => "snapshot";

    public override int Weight => 2;

    /// <summary>JSON documents, their texts, and the reader's buffer.</summary>
    public override long FreeBytes => 256 << 10;

    public override bool IsRefusal(Exception error) => error is TableDamagedException or UnsupportedTableException;

    public override byte[] Make(FuzzRandom random)
    {
        List<byte[]> lines = [.. (random.OneIn(2) ? Head : Files).Select(Encoding.UTF8.GetBytes)];
        bool isRaw = random.OneIn(4);
        for (int changes = isRaw ? 0 : 1 + random.Next(2); changes > 0; changes--)
        {
            int at = random.Next(lines.Count);
            switch (random.Next(8))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    lines.Insert(at, random.Pick(Pieces));
                    break;
                case 2:
                    lines.Reverse(at, lines.Count - at);
                    break;
                default:
                    lines[at] = ByteMutator.Mutated(lines[at], Pieces, random);
                    break;
            }

            if (lines.Count == 0)
            {
                break;
            }
        }

        byte[] sealedLines = SealAsync(lines).GetAwaiter().GetResult();
        return !isRaw ? sealedLines
            : random.OneIn(8) ? [.. sealedLines, .. random.Pick(Pieces)]
            : ByteMutator.Mutated(sealedLines, Pieces, random);
    }

    public override void Run(byte[] input, FuzzWork work)
    {
        if (input.AsSpan().IndexOf("\"kind\":\"head\""u8) >= 0)
        {
            RunHeadAsync(input, work).GetAwaiter().GetResult();
        }
        else
        {
            RunFilesAsync(input, work).GetAwaiter().GetResult();
        }

        RequireSeal(input);
    }

    private static async Task RunHeadAsync(byte[] input, FuzzWork work)
    {
        HeadSnapshot snapshot = await ReadHeadAsync(input).ConfigureAwait(false);
        work.Steps += snapshot.Partitions.Count + snapshot.Commits.Count + snapshot.Ends.Count;
        byte[] written = await snapshot.ToBytesAsync(default).ConfigureAwait(false);
        work.DeliveredBytes += 8 * written.Length;
        HeadSnapshot again = await ReadHeadAsync(written).ConfigureAwait(false);
        byte[] writtenAgain = await again.ToBytesAsync(default).ConfigureAwait(false);
        if (!written.AsSpan().SequenceEqual(writtenAgain))
        {
            throw new FuzzFailure("A head that was read and written is another one when it is read again.");
        }

        CommitHead.From(snapshot);
        PartitionsHead.From(snapshot, Keys).Tree("the head");
    }

    private static async Task<HeadSnapshot> ReadHeadAsync(byte[] bytes)
    {
        var reader = new InMemoryObjectReader("made", "head.jsonl", bytes);
        return await HeadSnapshot.ReadAsync(reader, "head.jsonl", TableId, Keys, default).ConfigureAwait(false);
    }

    private static async Task RunFilesAsync(byte[] input, FuzzWork work)
    {
        var store = new InMemoryObjectStore();
        await store.PutAsync(Paths.Snapshot(Number, SnapshotPart.Head), "{}"u8.ToArray()).ConfigureAwait(false);
        await store.PutAsync(Paths.Snapshot(Number, SnapshotPart.Files), input).ConfigureAwait(false);
        var snapshots = new ObjectStoreSnapshots(store, Paths, TableId, Keys);
        FilesSnapshotReader reader = await FilesSnapshotReader.OpenListedAsync(snapshots, Number, TableId, default).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var state = new FilesState();
            work.Steps += reader.Recent.Count;
            while (await reader.NextAsync(default).ConfigureAwait(false) is { } next)
            {
                work.Steps += 1 + next.File.References.Count;
                work.DeliveredBytes += 2 * next.Line.Length;
                state.Restore(next.File);
            }
        }
    }

    private static async Task<byte[]> SealAsync(IEnumerable<byte[]> lines)
    {
        var bytes = new MemoryStream();
        using var writer = new SealedLineWriter((piece, token) => bytes.WriteAsync(piece, token));
        foreach (byte[] line in lines)
        {
            await writer.CopyAsync(line, default).ConfigureAwait(false);
        }

        await writer.SealAsync(default).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <summary>What was taken has the seal of all that comes before it, and nothing behind.</summary>
    private static void RequireSeal(byte[] input)
    {
        int seal = input.AsSpan(0, input.Length - 1).LastIndexOf((byte)'\n') + 1;
        using var json = JsonDocument.Parse(input.AsMemory(seal));
        long lines = input.AsSpan(0, seal).Count((byte)'\n');
        string digest = Convert.ToHexStringLower(SHA256.HashData(input.AsSpan(0, seal)));
        if (BodyJson.Long(json.RootElement, "records") != lines - 1 || BodyJson.Text(json.RootElement, "sha256") != digest || input[^1] != (byte)'\n')
        {
            throw new FuzzFailure($"Lines were taken under a wrong seal: {lines} lines with the digest {digest}.");
        }
    }
}
