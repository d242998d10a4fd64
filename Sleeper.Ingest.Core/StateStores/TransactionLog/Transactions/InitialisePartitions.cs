using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>INITIALISE_PARTITIONS: replaces the whole tree.</summary>
internal sealed class InitialisePartitions(IReadOnlyList<Partition> partitions) : PartitionsTransaction
{
    public override TransactionType Type => TransactionType.InitialisePartitions;

    public IReadOnlyList<Partition> Partitions { get; } = partitions;

    public static InitialisePartitions Read(JsonElement json, Schema schema) => new(PartitionList.Read(json, "partitions", schema));

    public override void Apply(Dictionary<string, Partition> partitions)
    {
        partitions.Clear();
        foreach (var partition in Partitions)
        {
            partitions[partition.Id] = partition;
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        PartitionList.Write(json, "partitions", Partitions);
        json.WriteEndObject();
    }
}
