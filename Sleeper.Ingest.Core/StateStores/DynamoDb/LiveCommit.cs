namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>What is known of an ingest that is committed.</summary>
/// <param name="Number">Its entry; 0 if only files of it are known, from a snapshot: its entry was trimmed.</param>
/// <param name="AttemptId">The attempt that committed.</param>
/// <param name="RowCount">The rows of its entry; 0 without an entry.</param>
internal readonly record struct LiveCommit(long Number, string AttemptId, long RowCount);
