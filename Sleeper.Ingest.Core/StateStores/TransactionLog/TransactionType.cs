namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The transactions of Sleeper's state store. In a log they go by their <see cref="TransactionTypes.Name(TransactionType)"/>.</summary>
internal enum TransactionType
{
    AddFiles,
    AssignJobIds,
    ReplaceFileReferences,
    SplitFileReferences,
    DeleteFiles,
    ClearFiles,
    InitialisePartitions,
    SplitPartition,
    ExtendPartitionTree,
}
