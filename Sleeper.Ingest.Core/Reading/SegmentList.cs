namespace Sleeper.Ingest.Core.Reading;

/// <summary>Segments in order of their keys, found by bounds in logarithmic time. Immutable.</summary>
/// <param name="segments">Ascending, each above the one before.</param>
internal sealed class SegmentList(IReadOnlyList<KeySegment> segments)
{
    public int Count => segments.Count;

    public KeySegment this[int index] => segments[index];

    /// <summary>The first segment that has keys from a value on; the first of all for an empty one.</summary>
    public int FindFirst(ReadOnlySpan<byte> min)
    {
        int low = 0;
        int high = min.IsEmpty ? 0 : segments.Count;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (segments[middle].Upper is { } upper && upper.AsSpan().SequenceCompareTo(min) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>True if there is such a segment and its keys can be among those of some bounds.</summary>
    public bool MayMeet(int index, KeyBounds bounds) => index < segments.Count && bounds.MayMeet(segments[index].Lower, segments[index].Upper);

    /// <summary>What lies in a region.</summary>
    public SegmentList ClipTo(KeyBox region)
    {
        var clipped = new List<KeySegment>();
        for (int i = FindFirst(region.Lower); i < segments.Count; i++)
        {
            if (region.Upper is { } upper && segments[i].Lower.AsSpan().SequenceCompareTo(upper) >= 0)
            {
                break;
            }

            if (segments[i].ClipTo(region) is { } part)
            {
                clipped.Add(part);
            }
        }

        return new SegmentList(clipped);
    }
}
