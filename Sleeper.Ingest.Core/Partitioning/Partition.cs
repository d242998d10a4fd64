namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>A node of the partition tree. Two are equal if all they hold is, children in order.</summary>
/// <param name="Id">An opaque name.</param>
/// <param name="ParentId">Null for the root.</param>
/// <param name="ChildIds">The low and the high child; empty for a leaf.</param>
/// <param name="Region">The keys that belong here.</param>
/// <param name="Dimension">The position of the row key that the partition was split on; -1 for a leaf.</param>
public sealed record Partition(string Id, string? ParentId, IReadOnlyList<string> ChildIds, Region Region, int Dimension)
{
    /// <summary>True if the partition is not split.</summary>
    public bool IsLeaf => ChildIds.Count == 0;

    /// <inheritdoc/>
    public bool Equals(Partition? other) =>
        other is not null && Id == other.Id && ParentId == other.ParentId && Dimension == other.Dimension
        && ChildIds.SequenceEqual(other.ChildIds, StringComparer.Ordinal) && Region.Equals(other.Region);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, ParentId, Dimension, ChildIds.Count, Region);
}
