using Sleeper.Ingest.Core.Partitioning;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

/// <summary>A transaction of the partitions log.</summary>
internal abstract class PartitionsTransaction : Transaction
{
    /// <summary>Changes the partitions as every reader does. Whether the result is a tree is seen when one is made of it.</summary>
    public abstract void Apply(Dictionary<string, Partition> partitions);
}
