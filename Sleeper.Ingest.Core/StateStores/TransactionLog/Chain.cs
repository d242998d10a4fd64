namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>
/// Each entry names the checksum of the one before: an entry that was overwritten, or that comes from another copy of the table, does not fit.
/// A log that lost its last entries still fits: nothing names those.
/// </summary>
internal static class Chain
{
    /// <exception cref="TableDamagedException">The entry does not follow.</exception>
    public static void Check(LogEntry entry, long lastNumber, string lastChecksum, string name)
    {
        if (entry.Number != lastNumber + 1)
        {
            throw new TableDamagedException(name, $"It is entry {entry.Number}, but {lastNumber + 1} comes next.");
        }

        if (entry.Header.Before != lastChecksum)
        {
            throw new TableDamagedException(
                name,
                $"It was written after an entry with the checksum {Show(entry.Header.Before)}, but the checksum of entry {lastNumber} is {Show(lastChecksum)}: "
                + "one of the two was overwritten, or two copies of the table were mixed.");
        }
    }

    private static string Show(string checksum) => checksum.Length == 0 ? "of none" : checksum;
}
