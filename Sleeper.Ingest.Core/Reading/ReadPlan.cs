using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Decides which file references a read needs. No I/O.</summary>
/// <remarks>
/// Files may be referenced on leaves and on partitions above them; every row of a file belongs to exactly one reference, the one whose region it is
/// in. So each reference is read once, limited to its region, whatever the shape of the tree.
/// </remarks>
internal static class ReadPlan
{
    public static List<PlannedReference> Make(TableState state, Schema schema, KeyOrder order, KeyFilter filter)
    {
        var wanted = new SegmentList(filter.Segments);
        var boxes = new Dictionary<string, (KeyBox Region, SegmentList Segments)>(StringComparer.Ordinal);
        var planned = new List<PlannedReference>();
        for (int i = 0; i < state.References.Count; i++)
        {
            var reference = state.References[i];
            if (!boxes.TryGetValue(reference.PartitionId, out var box))
            {
                var region = KeyBox.Of(schema, state.Partitions[reference.PartitionId].Region, order);
                box = (region, wanted.ClipTo(region));
                boxes.Add(reference.PartitionId, box);
            }

            if (box.Segments.Count > 0)
            {
                planned.Add(new PlannedReference(reference, i, box.Region, box.Segments, filter.IsEverything));
            }
        }

        return planned;
    }

    /// <summary>The most references whose wanted keys overlap, so that their files have to be open at the same time; at least 1.</summary>
    public static int CountOverlapping(IEnumerable<PlannedReference> planned)
    {
        var byKey = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));
        var ends = new PriorityQueue<byte[], byte[]>(byKey);
        int endless = 0;
        int most = 1;
        foreach (var reference in planned.OrderBy(p => p.Lower, byKey))
        {
            while (ends.TryPeek(out byte[]? end, out _) && end.AsSpan().SequenceCompareTo(reference.Lower) <= 0)
            {
                ends.Dequeue();
            }

            if (reference.Upper is { } upper)
            {
                ends.Enqueue(upper, upper);
            }
            else
            {
                endless++;
            }

            most = Math.Max(most, endless + ends.Count);
        }

        return most;
    }
}
