namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The two logs of a table. Each numbers its entries 1, 2, 3, and so on, for itself.</summary>
internal enum LogKind
{
    Files,
    Partitions,
}
