using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>EXTEND_PARTITION_TREE: many splits at once.</summary>
internal sealed class ExtendPartitionTree(IReadOnlyList<Partition> updated, IReadOnlyList<Partition> added) : PartitionsTransaction
{
    public override TransactionType Type => TransactionType.ExtendPartitionTree;

    public IReadOnlyList<Partition> UpdatedPartitions { get; } = updated;

    public IReadOnlyList<Partition> NewPartitions { get; } = added;

    public static ExtendPartitionTree Read(JsonElement json, Schema schema) =>
        new(PartitionList.Read(json, "updatePartitions", schema), PartitionList.Read(json, "newPartitions", schema));

    public override void Apply(Dictionary<string, Partition> partitions)
    {
        foreach (var partition in UpdatedPartitions.Concat(NewPartitions))
        {
            partitions[partition.Id] = partition;
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        PartitionList.Write(json, "updatePartitions", UpdatedPartitions);
        PartitionList.Write(json, "newPartitions", NewPartitions);
        json.WriteEndObject();
    }
}
