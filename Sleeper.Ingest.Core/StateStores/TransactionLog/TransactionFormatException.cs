namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The body of a transaction cannot be read. Who reads the log says in which entry.</summary>
internal sealed class TransactionFormatException(string message) : Exception(message);
