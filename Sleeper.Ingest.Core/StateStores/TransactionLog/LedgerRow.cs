namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>What a committer remembers of an ingest that is committed. The files are read from the entry when somebody asks for them.</summary>
/// <param name="Number">The entry that committed it.</param>
/// <param name="AttemptId">The attempt that did.</param>
/// <param name="RowCount">Rows that became visible.</param>
/// <param name="Digest">The caller's digest of the rows; empty for none.</param>
internal readonly record struct LedgerRow(long Number, string AttemptId, long RowCount, string Digest);
