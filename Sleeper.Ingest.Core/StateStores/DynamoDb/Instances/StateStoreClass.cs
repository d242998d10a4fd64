namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>Which state store a table says it has: <c>sleeper.table.statestore.classname</c>.</summary>
internal static class StateStoreClass
{
    public const string Default = "DynamoDBTransactionLogStateStore";
    public const string WithoutSnapshots = "DynamoDBTransactionLogStateStoreNoSnapshots";

    /// <summary>The text after the last dot: a class may be given with its package.</summary>
    public static string SimpleName(string className) => className[(className.LastIndexOf('.') + 1)..];

    /// <summary>True for the classes that this library can read and write.</summary>
    public static bool IsKnown(string className) => SimpleName(className) is Default or WithoutSnapshots;

    /// <summary>True if snapshots are read. The one class without them replays the log from its first entry.</summary>
    public static bool ReadsSnapshots(string className) => SimpleName(className) == Default;
}
