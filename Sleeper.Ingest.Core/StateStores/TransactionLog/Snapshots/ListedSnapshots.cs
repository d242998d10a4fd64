using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Reads objects of snapshots that were seen. One that is gone was removed by a maintenance meanwhile, because newer ones are there.</summary>
internal static class ListedSnapshots
{
    /// <exception cref="TableDamagedException">It is gone, which may be stale, or not what was written.</exception>
    public static async Task<HeadSnapshot> ReadListedHeadAsync(this ISnapshots snapshots, long number, CancellationToken cancellationToken) =>
        await snapshots.ReadHeadAsync(number, cancellationToken).ConfigureAwait(false) ?? throw Gone(snapshots, number, SnapshotPart.Head);

    /// <exception cref="TableDamagedException">It is gone, which may be stale.</exception>
    public static async Task<IObjectReader> OpenListedAsync(this ISnapshots snapshots, long number, SnapshotPart part, CancellationToken cancellationToken) =>
        await snapshots.OpenAsync(number, part, cancellationToken).ConfigureAwait(false) ?? throw Gone(snapshots, number, part);

    private static TableDamagedException Gone(ISnapshots snapshots, long number, SnapshotPart part) =>
        new(snapshots.NameOf(number, part), "It is missing, though it was listed.") { MayBeStale = true };
}
