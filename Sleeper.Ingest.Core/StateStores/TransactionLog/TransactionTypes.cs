namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Names of transaction types, and the log that each belongs to.</summary>
internal static class TransactionTypes
{
    private static readonly (TransactionType Type, string Name, LogKind Log)[] All =
    [
        (TransactionType.AddFiles, "ADD_FILES", LogKind.Files),
        (TransactionType.AssignJobIds, "ASSIGN_JOB_IDS", LogKind.Files),
        (TransactionType.ReplaceFileReferences, "REPLACE_FILE_REFERENCES", LogKind.Files),
        (TransactionType.SplitFileReferences, "SPLIT_FILE_REFERENCES", LogKind.Files),
        (TransactionType.DeleteFiles, "DELETE_FILES", LogKind.Files),
        (TransactionType.ClearFiles, "CLEAR_FILES", LogKind.Files),
        (TransactionType.InitialisePartitions, "INITIALISE_PARTITIONS", LogKind.Partitions),
        (TransactionType.SplitPartition, "SPLIT_PARTITION", LogKind.Partitions),
        (TransactionType.ExtendPartitionTree, "EXTEND_PARTITION_TREE", LogKind.Partitions),
    ];

    public static string Name(this TransactionType type) => All[(int)type].Name;

    public static LogKind Log(this TransactionType type) => All[(int)type].Log;

    public static string Name(this LogKind log) => log == LogKind.Files ? "files" : "partitions";

    /// <summary>The type of a name, case-sensitively; null if there is none.</summary>
    public static TransactionType? Parse(string name)
    {
        foreach (var (type, known, _) in All)
        {
            if (known == name)
            {
                return type;
            }
        }

        return null;
    }
}
