using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Holds bounds of a file's row groups and pages against one another. They have no checksum, and a wrong one hides rows in silence.</summary>
/// <remarks>
/// Rows of a data file are in the order of their keys, so of two stretches no key of the later one is below the keys of the earlier: their bounds must
/// leave that possible. Those of numbers are exact, so there the stretches may not overlap, and the bounds of the pages reach as far as those of their row
/// group. What is changed so little that it fits between its neighbours is not found.
/// </remarks>
internal static class BoundsCheck
{
    /// <summary>Checks bounds of the first row key, of stretches that lie behind one another.</summary>
    /// <param name="bounds">In the order of the stretches.</param>
    /// <param name="isExact">True for numbers.</param>
    /// <param name="what">What a stretch is called: row group or page.</param>
    /// <exception cref="ParquetFormatException">They contradict each other.</exception>
    public static void CheckOrder(IEnumerable<KeyBounds> bounds, bool isExact, string what)
    {
        byte[]? highestMin = null;
        byte[]? lastMax = null;
        foreach (var (number, current) in bounds.Index())
        {
            CheckEnds(current, $"{what} {number}");
            if (IsAbove(highestMin, current.Max) || (isExact && IsAbove(lastMax, current.Min)))
            {
                throw new ParquetFormatException(
                    $"By their bounds, keys of {what} {number} lie below keys of a {what} before it, but rows of a data file are in the order of their keys: either the bounds were changed "
                    + "after they were written, or the file was sorted in another way.");
            }

            highestMin = IsAbove(highestMin, current.Min) ? highestMin : current.Min ?? highestMin;
            lastMax = current.Max ?? lastMax;
        }
    }

    /// <summary>Checks bounds of a row key's pages against those of their row group.</summary>
    /// <exception cref="ParquetFormatException">They contradict each other.</exception>
    public static void CheckPages(KeyBounds rowGroup, IReadOnlyList<KeyBounds> pages, bool isExact)
    {
        bool reachesMin = false;
        bool reachesMax = false;
        foreach (var (number, page) in pages.Index())
        {
            CheckEnds(page, $"page {number}");
            bool isOutside = isExact
                ? IsAbove(rowGroup.Min, page.Min) || IsAbove(page.Max, rowGroup.Max)
                : IsAbove(rowGroup.Min, page.Max) || IsAbove(page.Min, rowGroup.Max);
            if (isOutside)
            {
                throw new ParquetFormatException($"The bounds of page {number} reach beyond those of its row group: one of them was changed after it was written.");
            }

            reachesMin |= page.Min is null || (rowGroup.Min is not null && page.Min.AsSpan().SequenceEqual(rowGroup.Min));
            reachesMax |= page.Max is null || (rowGroup.Max is not null && page.Max.AsSpan().SequenceEqual(rowGroup.Max));
        }

        if (isExact && ((rowGroup.Min is not null && !reachesMin) || (rowGroup.Max is not null && !reachesMax)))
        {
            throw new ParquetFormatException("The bounds of no page reach as far as those of their row group: one of them was changed after it was written.");
        }
    }

    private static void CheckEnds(KeyBounds bounds, string what)
    {
        if (IsAbove(bounds.Min, bounds.Max))
        {
            throw new ParquetFormatException($"The lower bound of {what} is above its upper bound: one of them was changed after it was written.");
        }
    }

    private static bool IsAbove(byte[]? left, byte[]? right) => left is not null && right is not null && left.AsSpan().SequenceCompareTo(right) > 0;
}
