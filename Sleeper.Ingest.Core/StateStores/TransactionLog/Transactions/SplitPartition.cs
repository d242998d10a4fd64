using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>SPLIT_PARTITION: one leaf becomes the parent of two.</summary>
internal sealed class SplitPartition(Partition parent, IReadOnlyList<Partition> newChildren) : PartitionsTransaction
{
    public override TransactionType Type => TransactionType.SplitPartition;

    public Partition Parent { get; } = parent;

    public IReadOnlyList<Partition> NewChildren { get; } = newChildren;

    public static SplitPartition Read(JsonElement json, Schema schema) =>
        new(PartitionList.ReadOne(BodyJson.Required(json, "parent"), schema), PartitionList.Read(json, "newChildren", schema));

    public override void Apply(Dictionary<string, Partition> partitions)
    {
        partitions[Parent.Id] = Parent;
        foreach (var child in NewChildren)
        {
            partitions[child.Id] = child;
        }
    }

    protected override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("parent");
        PartitionJson.Write(json, Parent);
        PartitionList.Write(json, "newChildren", NewChildren);
        json.WriteEndObject();
    }
}
