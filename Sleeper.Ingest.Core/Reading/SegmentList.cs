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

    /// <summary>False if the bounds of the row keys say that no row of theirs is wanted.</summary>
    public bool MayMeet(IReadOnlyList<KeyBounds> bounds)
    {
        for (int i = FindFirst(bounds[0].Min); MayMeet(i, bounds[0]); i++)
        {
            if (segments[i].Regions.Count == 0 || segments[i].Regions.Any(box => box.MayMeet(bounds)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if the bounds of the row keys say that all rows of theirs are wanted.</summary>
    public bool Covers(IReadOnlyList<KeyBounds> bounds)
    {
        int i = FindFirst(bounds[0].Min);
        return i < segments.Count && bounds[0].AreInside(segments[i].Lower, segments[i].Upper)
            && (segments[i].Regions.Count == 0 || segments[i].Regions.Any(box => box.Covers(bounds)));
    }

    /// <summary>True if rows are wanted by their values of a row key.</summary>
    public bool IsBounded(int rowKey) => segments.Any(segment => segment.Regions.Any(box => box.IsBounded(rowKey)));

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
