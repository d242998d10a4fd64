using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>A file reference that a read needs, and which keys of it.</summary>
/// <param name="Reference">The file and the partition.</param>
/// <param name="Ordinal">Its place among all references: rows with equal keys come in this order.</param>
/// <param name="Box">The partition's region.</param>
/// <param name="Segments">The wanted keys that lie in the region; at least one.</param>
/// <param name="IsWhole">True if every row of the reference is wanted, so that they can be counted.</param>
internal sealed record PlannedReference(FileReference Reference, int Ordinal, KeyBox Box, SegmentList Segments, bool IsWhole)
{
    /// <summary>No wanted key is below it.</summary>
    public byte[] Lower => Segments[0].Lower;

    /// <summary>All wanted keys are below it; null for no bound.</summary>
    public byte[]? Upper => Segments[Segments.Count - 1].Upper;

    /// <summary>False if the bounds of the row keys say that no row of theirs is wanted.</summary>
    public bool MayMeet(IReadOnlyList<KeyBounds> bounds) => Box.MayMeet(bounds) && Segments.MayMeet(bounds);

    /// <summary>True if the bounds of the row keys say that all rows of theirs are wanted.</summary>
    public bool Covers(IReadOnlyList<KeyBounds> bounds) => Box.Covers(bounds) && Segments.Covers(bounds);

    /// <summary>True if rows are wanted by their values of a row key.</summary>
    public bool IsBounded(int rowKey) => Box.IsBounded(rowKey) || Segments.IsBounded(rowKey);
}
