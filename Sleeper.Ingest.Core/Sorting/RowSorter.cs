using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Sorting;

/// <summary>Sorts row entries by their whole keys; equal keys keep the order in which they came.</summary>
/// <remarks>
/// Idea: most of a key's order is in few bits. One level looks at eight key bytes, which stand ready in the entries:
/// <code>
/// KeyPrefixSort   counts the bits in which these eight bytes differ at all, and orders the entries by the highest of them (radix)
/// sweep           finds the groups that agree in those bits, about one entry in four with random keys
///   small group   is finished by insertion
///   large group   is the same task again, with fewer bits
///   ties          agree in all eight bytes: the next eight in which they differ are loaded from the rows, and it is the same task again
/// </code>
/// Where the first eight bytes hardly tell keys apart, such as those of small numbers, the first level begins where keys first differ.
/// So a million keys with a long common start cost a few sweeps, not a million long comparisons, and keys that are equal to the end cost
/// no more. Groups wait on a stack of our own, as deep as a key is long; the thread's stack does not grow with the data.
/// Keys are prefix-free (RowFormat), hence if one of the tied keys ends, they are all equal.
/// Compare multikey quicksort (Bentley and Sedgewick, 1997) and radix sort with key caching (Ng and Kakehi, 2007).
/// </remarks>
internal static unsafe class RowSorter
{
    /// <summary>Sorts <paramref name="entries"/>, whose prefixes must be set; they are the same again afterwards.</summary>
    /// <param name="entries">What is sorted, in place.</param>
    /// <param name="scratch">Room for as many entries.</param>
    /// <param name="count">How many entries.</param>
    public static void Sort(RowEntry* entries, RowEntry* scratch, int count) => SortAndCount(entries, scratch, count);

    /// <summary>As the above, and says how many times an entry was visited by a sweep, which does not depend on the machine.</summary>
    [SkipLocalsInit]
    internal static long SortAndCount(RowEntry* entries, RowEntry* scratch, int count)
    {
        Debug.Assert(count >= 0, "A count is not negative.");
        if (count < 2)
        {
            return count;
        }

        uint* histograms = stackalloc uint[KeyPrefixSort.HistogramLength];
        var groups = new GroupStack(entries, scratch, histograms);
        bool isMoved = groups.PushAll(count);
        while (groups.Step())
        {
        }

        if (isMoved)
        {
            groups.RestoreAll(count);
        }

        return groups.Visits;
    }
}
