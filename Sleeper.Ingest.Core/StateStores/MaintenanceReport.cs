namespace Sleeper.Ingest.Core.StateStores;

/// <summary>What a maintenance did and what it left, thing by thing.</summary>
/// <param name="IsDryRun">True if nothing was changed: <paramref name="Done"/> is what a run would do.</param>
/// <param name="Now">The store's own time, that ages were measured by; in a dry run this machine's.</param>
/// <param name="Done">What was done, in order.</param>
/// <param name="Left">What was looked at and left, with the reason.</param>
public sealed record MaintenanceReport(
    bool IsDryRun, DateTimeOffset Now, IReadOnlyList<MaintenanceItem> Done, IReadOnlyList<MaintenanceItem> Left);

/// <summary>One thing that maintenance looked at.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its path, or the number of a log entry.</param>
/// <param name="Reason">Why it was done, or left.</param>
public sealed record MaintenanceItem(MaintenanceKind Kind, string Name, string Reason);

/// <summary>Things that maintenance deals with.</summary>
public enum MaintenanceKind
{
    /// <summary>An attempt: ended if it could still have committed, and its intent removed.</summary>
    Attempt,

    /// <summary>A data or sketches file of no commit.</summary>
    DataObject,

    /// <summary>What a write that never ended left in the store.</summary>
    UnfinishedObject,

    /// <summary>The beginning of the ledger.</summary>
    Ledger,

    /// <summary>A snapshot of the table's state: made, or removed because newer ones are there.</summary>
    Snapshot,

    /// <summary>Log entries whose bodies a snapshot makes needless.</summary>
    LogEntries,

    /// <summary>A folder of spill files.</summary>
    SpillFolder,
}
