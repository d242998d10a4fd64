using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>Reads the transactions of entries, and says which entry it was if one cannot be read.</summary>
internal static class EntryBody
{
    /// <exception cref="TableDamagedException">The entry is trimmed, or its body is not a transaction of its type.</exception>
    public static Transaction Read(LogEntry entry, string name, Schema schema)
    {
        if (entry.IsTrimmed)
        {
            throw new TableDamagedException(name, "Its body was trimmed, and there is no snapshot that has what was in it.") { MayBeStale = true };
        }

        try
        {
            return Transaction.Read(entry.Header.Type, entry.Body, schema);
        }
        catch (TransactionFormatException e)
        {
            throw new TableDamagedException(name, $"Its {entry.Header.Type.Name()} transaction cannot be read: {e.Message}", e);
        }
    }

    /// <exception cref="TableDamagedException">The entry is trimmed, cannot be read, or does not fit the state that the entries before left.</exception>
    public static void Apply(LogEntry entry, string name, Schema schema, FilesState state) =>
        Apply((FilesTransaction)Read(entry, name, schema), entry, name, state);

    /// <exception cref="TableDamagedException">The entry does not fit the state that the entries before left.</exception>
    public static void Apply(FilesTransaction transaction, LogEntry entry, string name, FilesState state)
    {
        try
        {
            transaction.Apply(state, entry.Header.Time);
        }
        catch (TransactionFormatException e)
        {
            throw new TableDamagedException(name, $"Its {entry.Header.Type.Name()} transaction cannot be applied: {e.Message}", e);
        }
    }
}
