namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Queued;

/// <summary>A commit that was sent to the queue. It is not committed: whether it will be shows only in the table's log.</summary>
/// <param name="Attempt">Whose it is: the log's entry bears its id in the names of its files.</param>
/// <param name="SentAfter">The last entry of the files log before it was sent; its own entry comes after.</param>
/// <param name="RowCount">The rows of its files.</param>
/// <param name="Files">The files.</param>
/// <param name="MessageId">What the queue calls the message.</param>
internal sealed record QueuedCommit(IngestAttempt Attempt, long SentAfter, long RowCount, IReadOnlyList<DataFile> Files, string MessageId);
