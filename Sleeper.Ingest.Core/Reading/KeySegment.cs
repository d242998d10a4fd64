using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>A range of whole keys in which rows are wanted: all of them, or those in boxes and parts that overlap. Immutable.</summary>
/// <param name="Lower">No wanted key of it is below; empty for no bound.</param>
/// <param name="Upper">All wanted keys of it are below; null for no bound.</param>
/// <param name="Boxes">If there are any, a row is wanted only if it is in one of them or in one of <see cref="Parts"/>.</param>
/// <param name="Regions">What rows of it can be, for leaving out partitions and row groups; one box at least, none for everything.</param>
/// <param name="RowKey">The values of the first row keys that all its rows have; empty where it is a range.</param>
internal sealed record KeySegment(byte[] Lower, byte[]? Upper, IReadOnlyList<KeyBox> Boxes, IReadOnlyList<KeyBox> Regions, IReadOnlyList<FieldValue> RowKey)
{
    private static readonly SegmentList None = new([]);

    /// <summary>Besides boxes: parts of it of which every row is wanted.</summary>
    public SegmentList Parts { get; init; } = None;

    /// <summary>For a key between the ends: true if its row is wanted.</summary>
    public bool Contains(ReadOnlySpan<byte> key)
    {
        foreach (var box in Boxes)
        {
            if (box.Contains(key))
            {
                return true;
            }
        }

        int part = Parts.FindFirst(key);
        return Boxes.Count == 0 || (part < Parts.Count && key.SequenceCompareTo(Parts[part].Lower) >= 0);
    }

    /// <summary>The part of it that lies in a region; null if that is none.</summary>
    public KeySegment? ClipTo(KeyBox region)
    {
        byte[] lower = Lower.AsSpan().SequenceCompareTo(region.Lower) >= 0 ? Lower : region.Lower;
        byte[]? upper = Lesser(Upper, region.Upper);
        return (upper is not null && lower.AsSpan().SequenceCompareTo(upper) >= 0) || (Regions.Count > 0 && !Regions.Any(region.MayMeet)) ? null
            : lower == Lower && upper == Upper ? this
            : this with { Lower = lower, Upper = upper };
    }

    private static byte[]? Lesser(byte[]? left, byte[]? right) =>
        left is null ? right : right is null || left.AsSpan().SequenceCompareTo(right) <= 0 ? left : right;
}
