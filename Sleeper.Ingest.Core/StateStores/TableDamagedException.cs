namespace Sleeper.Ingest.Core.StateStores;

/// <summary>An object of a table is not what was written. Nothing of the table is used until it is repaired or restored.</summary>
public sealed class TableDamagedException : IngestException
{
    /// <summary>Makes the error for one object.</summary>
    public TableDamagedException(string objectName, string message, Exception? innerException = null)
        : base($"{objectName}: {message} The table is damaged there; restore that object from a copy.", innerException)
    {
        ObjectName = objectName;
    }

    /// <summary>The store and path of the damaged object.</summary>
    public string ObjectName { get; }

    /// <summary>
    /// True if it can come of reading while the log was trimmed behind a newer snapshot: who began at an older one begins again at the newest.
    /// </summary>
    internal bool MayBeStale { get; init; }
}
