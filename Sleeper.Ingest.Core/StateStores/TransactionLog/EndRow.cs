namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>An END that a committer remembers.</summary>
/// <param name="Number">The entry.</param>
/// <param name="IngestId">The ingest.</param>
/// <param name="AttemptId">The attempt; null for all attempts of the ingest that were opened before the entry.</param>
internal sealed record EndRow(long Number, string IngestId, string? AttemptId);
