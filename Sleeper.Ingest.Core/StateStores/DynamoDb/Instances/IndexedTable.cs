namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

/// <summary>What the table index knows of a table.</summary>
/// <param name="Id">Its id, usually 8 hexadecimal digits.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsOnline">False for a table that the instance leaves alone: no automatic compaction, splitting, snapshots. It is written and read all the same.</param>
internal sealed record IndexedTable(string Id, string Name, bool IsOnline);
