using System.Buffers.Binary;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.DynamoDb;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;
using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Snapshots of live tables, in Arrow's stream format, as files or as partitions by their columns. The samples are snapshots that the Java system wrote.</summary>
internal sealed class ArrowTarget : SeededTarget
{
    /// <summary>Every row key that a sample names.</summary>
    private static readonly Schema Keys = Schema.Create()
        .RowKey("i", FieldType.Int).RowKey("l", FieldType.Long).RowKey("s", FieldType.String).RowKey("b", FieldType.ByteArray)
        .RowKey("key", FieldType.String).RowKey("area", FieldType.String).RowKey("id", FieldType.Long).Build();

    public override string Name => "arrow-snapshot";

    public override int Weight => 2;

    /// <summary>One window of the reader.</summary>
    public override long FreeBytes => 128 << 10;

    public override bool IsRefusal(Exception error) => error is ArrowFormatException;

    public override byte[] Make(FuzzRandom random)
    {
        byte[] bytes = random.Pick(Seeds);
        if (random.OneIn(3))
        {
            return ByteMutator.Mutated(bytes, Seeds, random);
        }

        // Everything lies at multiples of four or eight, and nothing may move: numbers in their places.
        bytes = (byte[])bytes.Clone();
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            int at = sizeof(int) * random.Next(bytes.Length / sizeof(int));
            switch (random.Next(4))
            {
                case 0:
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), unchecked((int)random.Interesting()));
                    break;
                case 1:
                    bytes[at + random.Next(sizeof(int))] += (byte)(random.OneIn(2) ? 1 : 255);
                    break;
                case 2:
                    bytes.AsSpan(sizeof(int) * random.Next(bytes.Length / sizeof(int)), sizeof(int)).CopyTo(bytes.AsSpan(at));
                    break;
                default:
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return bytes;
    }

    public override void Run(byte[] input, FuzzWork work) => RunAsync(input, work).GetAwaiter().GetResult();

    private static async Task RunAsync(byte[] input, FuzzWork work)
    {
        var reader = new ArrowStreamReader(new InMemoryObjectReader("made", "snapshot.arrow", input));
        IReadOnlyList<ArrowField> columns = await reader.ReadSchemaAsync(default).ConfigureAwait(false);
        bool isFiles = columns.Count == SnapshotFormat.Files.Count;
        ArrowField.RequireSame(isFiles ? SnapshotFormat.Files : SnapshotFormat.Partitions, columns);
        while (await reader.NextBatchAsync(default).ConfigureAwait(false) is { } batch)
        {
            for (int i = 0; i < batch[0].Length; i++)
            {
                int parts;
                if (isFiles)
                {
                    FileState file = SnapshotFormat.ReadFile(batch, i);
                    parts = file.References.Count;
                }
                else
                {
                    Partition partition = SnapshotFormat.ReadPartition(batch, i, Keys);
                    parts = partition.ChildIds.Count + Keys.RowKeyFields.Count;
                }

                work.Steps += 1 + parts;
                work.DeliveredBytes += 100 * (1 + parts);
            }
        }
    }

    protected override IEnumerable<byte[]> MakeSeeds()
    {
        foreach (string name in typeof(ArrowTarget).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".arrow", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = typeof(ArrowTarget).Assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return bytes;
        }
    }
}
