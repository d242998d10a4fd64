namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A commit that may be sent to Sleeper's committer: checked against the table as it was a moment ago.</summary>
/// <param name="Attempt">Whose it is.</param>
/// <param name="Commit">Its files.</param>
/// <param name="Json">The transaction.</param>
/// <param name="BodyKey">The object that holds the transaction if it is too long for a message; else null.</param>
/// <param name="SentAfter">The last entry of the files log.</param>
internal sealed record PreparedMessage(IngestAttempt Attempt, IngestCommit Commit, string Json, string? BodyKey, long SentAfter);
