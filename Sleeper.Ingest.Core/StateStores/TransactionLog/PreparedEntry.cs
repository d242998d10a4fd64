namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>An entry ready to be put, any number of times, with the same bytes.</summary>
/// <param name="Entry">The entry, its checksum filled in.</param>
/// <param name="Bytes">What is put.</param>
internal sealed record PreparedEntry(LogEntry Entry, ReadOnlyMemory<byte> Bytes);
