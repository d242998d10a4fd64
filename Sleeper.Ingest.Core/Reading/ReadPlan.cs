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
        var boxes = new Dictionary<string, KeyBox>(StringComparer.Ordinal);
        var planned = new List<PlannedReference>();
        for (int i = 0; i < state.References.Count; i++)
        {
            var reference = state.References[i];
            if (!boxes.TryGetValue(reference.PartitionId, out var box))
            {
                box = new KeyBox(schema, state.Partitions[reference.PartitionId].Region, order);
                boxes.Add(reference.PartitionId, box);
            }

            byte[] lower = box.Min.AsSpan().SequenceCompareTo(filter.Min) >= 0 ? box.Min : filter.Min;
            byte[]? upper = Lesser(box.Max, filter.Max);
            if ((upper is null || lower.AsSpan().SequenceCompareTo(upper) < 0) && box.MayContain(filter.Exact))
            {
                planned.Add(new PlannedReference(reference, i, box, lower, upper, filter.IsEverything, filter.RowKey));
            }
        }

        return planned;
    }

    private static byte[]? Lesser(byte[]? left, byte[]? right) =>
        left is null ? right : right is null || left.AsSpan().SequenceCompareTo(right) <= 0 ? left : right;
}
