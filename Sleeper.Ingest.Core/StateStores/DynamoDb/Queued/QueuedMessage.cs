namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>A claimed commit, on its way to the committer.</summary>
/// <param name="IngestId">The ingest.</param>
/// <param name="Claim">The claim that it is sent for.</param>
/// <param name="Result">What sending it gives.</param>
/// <param name="BodyKey">The object that holds its transaction; null if the message does.</param>
internal sealed record QueuedMessage(string IngestId, CommitClaim Claim, CommitResult Result, string? BodyKey);
