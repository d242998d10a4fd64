namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>Which claim.</summary>
/// <param name="IngestHash">Whose: what the names of the ingest's files begin with.</param>
/// <param name="Number">From 1.</param>
internal readonly record struct ClaimKey(string IngestHash, int Number);
