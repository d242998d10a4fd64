using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>Values of one row key from a minimum, included, to a maximum, excluded.</summary>
/// <param name="FieldName">The row key.</param>
/// <param name="Min">The smallest value inside.</param>
/// <param name="Max">The first value outside; null (<see cref="FieldValue.IsNull"/>) for no bound.</param>
public sealed record KeyRange(string FieldName, FieldValue Min, FieldValue Max);

/// <summary>A box of the key space: one range for each row key, in schema order.</summary>
/// <param name="Ranges">One for each row key field, in schema order.</param>
public sealed record Region(IReadOnlyList<KeyRange> Ranges);

/// <summary>A node of the partition tree.</summary>
/// <param name="Id">An opaque name.</param>
/// <param name="ParentId">Null for the root.</param>
/// <param name="ChildIds">The low and the high child; empty for a leaf.</param>
/// <param name="Region">The keys that belong here.</param>
/// <param name="Dimension">The position of the row key that the partition was split on; -1 for a leaf.</param>
public sealed record Partition(string Id, string? ParentId, IReadOnlyList<string> ChildIds, Region Region, int Dimension)
{
    /// <summary>True if the partition is not split.</summary>
    public bool IsLeaf => ChildIds.Count == 0;
}
