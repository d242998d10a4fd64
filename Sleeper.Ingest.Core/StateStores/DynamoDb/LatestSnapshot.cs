namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>The latest snapshot of one log.</summary>
/// <param name="Number">The last entry that it includes.</param>
/// <param name="Path">Where it is, with scheme and bucket.</param>
internal sealed record LatestSnapshot(long Number, string Path);
