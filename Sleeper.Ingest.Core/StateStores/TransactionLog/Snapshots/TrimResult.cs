namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>What was trimmed, or would be.</summary>
/// <param name="Boundary">The snapshot behind which entries are trimmed; 0 if there are too few snapshots.</param>
/// <param name="Entries">The entries that lost their bodies.</param>
/// <param name="Snapshots">The snapshots that were removed.</param>
/// <param name="Remains">The numbers of snapshots that have no head, whose other objects were removed.</param>
internal sealed record TrimResult(long Boundary, IReadOnlyList<long> Entries, IReadOnlyList<long> Snapshots, IReadOnlyList<long> Remains);
