using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>The partitions that an own table gets in a deployed instance: its own, but for split points on which Java's order and that of bytes disagree.</summary>
internal static class MovedPartitions
{
    /// <summary>False where the orders cannot disagree: the tree is split on numbers only, or not at all.</summary>
    public static bool CanDisagree(Schema schema, PartitionTree tree) =>
        tree.All.Any(p => p.Dimension >= 0 && schema.RowKeyFields[p.Dimension].Type.Kind is FieldTypeKind.String or FieldTypeKind.ByteArray);

    /// <summary>True if a row is above a split point in one order and below it in the other.</summary>
    public static bool IsDoubtful(PartitionTree tree, FieldValue[] rowKey) => tree.All.Any(
        p => p.Dimension >= 0 && Disagree(rowKey[p.Dimension], tree[p.ChildIds[1]].Region.Ranges[p.Dimension].Min));

    /// <summary>The tree for the instance. It is the same one if no split point must go.</summary>
    /// <param name="schema">The table's.</param>
    /// <param name="tree">The own table's partitions.</param>
    /// <param name="doubtfulKeys">Row keys of the table for which <see cref="IsDoubtful"/> holds.</param>
    /// <param name="newPartitionId">Gives ids of a tree that must be another one.</param>
    /// <exception cref="IngestException">The tree is split on several row keys, so that no single split point can be left out.</exception>
    public static PartitionTree For(Schema schema, PartitionTree tree, IReadOnlyList<FieldValue[]> doubtfulKeys, Func<string> newPartitionId)
    {
        if (doubtfulKeys.Count == 0 && tree.IsInOrder(KeyOrder.Java))
        {
            return tree;
        }

        if (tree.All.Any(p => p.Dimension > 0))
        {
            throw new IngestException(
                $"The table cannot be moved as it is: it is split on several row keys, and {doubtfulKeys.Count:N0} of its rows, or its split points themselves, have another place in Java's order "
                + "than in that of bytes. Make a table with other partitions in the instance, and ingest the rows that this one is read as.");
        }

        var kept = new List<FieldValue>();
        foreach (var leaf in tree.Leaves.Skip(1))
        {
            var point = leaf.Region.Ranges[0].Min;
            bool ascends = kept.Count == 0 || KeyValueOrder.Compare(kept[^1], point, KeyOrder.Java) < 0;
            if (ascends && !doubtfulKeys.Any(key => Disagree(key[0], point)))
            {
                kept.Add(point);
            }
        }

        return PartitionTree.ForInstance(schema, kept, newPartitionId);
    }

    private static bool Disagree(FieldValue value, FieldValue point) =>
        KeyValueOrder.Compare(value, point, KeyOrder.Bytes) < 0 != KeyValueOrder.Compare(value, point, KeyOrder.Java) < 0;
}
