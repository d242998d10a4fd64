using Sleeper.Ingest.Core.Partitioning;

namespace Sleeper.Ingest.Core;

/// <summary>A leaf partition of a table in numbers.</summary>
/// <param name="PartitionId">The leaf.</param>
/// <param name="Region">The keys that belong there.</param>
/// <param name="FileCount">Data files with rows of the leaf, those that other leaves have rows in too included.</param>
/// <param name="RowCount">Rows of these files that belong to the leaf.</param>
/// <param name="LengthBytes">Bytes of these files; of a file that is shared, as much as the leaf's share of its rows.</param>
public sealed record LeafDescription(string PartitionId, Region Region, int FileCount, long RowCount, long LengthBytes);
