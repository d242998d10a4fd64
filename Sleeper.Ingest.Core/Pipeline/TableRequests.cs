namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The requests to an object store of ingests into a table that keeps its state there. IngestPlanTests count them.</summary>
internal static class TableRequests
{
    /// <summary>Every so many commits there is a snapshot; the default of the state store's options.</summary>
    private static readonly long SnapshotInterval = IngestOpening.StateOptions(TimeProvider.System).SnapshotInterval;

    /// <summary>Opening a table that has a fresh snapshot: the hint and one listing. Properties, and a look at each log, belong to every commit.</summary>
    public static StoreRequests ToOpen => new(Puts: 0, Gets: 1, Lists: 1, Deletes: 0);

    /// <summary>One ingest of so many data files, each put with so many requests: properties, logs, intent, files with their sketches, entry.</summary>
    public static StoreRequests OfCommit(long files, long putsPerFile) => new(Puts: 2 + (files * (putsPerFile + 1)), Gets: 5, Lists: 0, Deletes: 1);

    /// <summary>What stays of an ingest: its files, their sketches, the entry.</summary>
    public static long ObjectsOfCommit(long files) => 1 + (2 * files);

    /// <summary>Each snapshot is streamed from the one before and the entries since.</summary>
    public static StoreRequests OfSnapshots(long commits) => new StoreRequests(Puts: 3, Gets: SnapshotInterval + 1, Lists: 1, Deletes: 0) * (commits / SnapshotInterval);

    public static long SnapshotObjects(long commits) => 2 * (commits / SnapshotInterval);
}
