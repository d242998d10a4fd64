namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A commit that may be sent to Sleeper's committer: checked against the table as it was a moment ago.</summary>
/// <param name="Json">The transaction.</param>
/// <param name="BodyKey">The object that holds the transaction if it is too long for a message; else null.</param>
internal sealed record PreparedMessage(string Json, string? BodyKey);
