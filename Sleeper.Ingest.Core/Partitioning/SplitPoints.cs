using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>Makes the partitions of a new table from points of its first row key, in the shape that the Java system gives its own.</summary>
/// <remarks>
/// <code>
/// points b d f h      leaves [,b) [b,d) [d,f) [f,h) [h,)
///                            \   /      \   /        |
///                            [,d)       [d,h)        |
///                               \       /            |
///                                 [,h)               |
///                                     \              |
///                                      root  ────────┘
/// </code>
/// </remarks>
internal static class SplitPoints
{
    /// <summary>The partitions. The root is called <c>root</c>, or by a new id like all others; one that is a leaf is always <c>root</c>.</summary>
    public static List<Partition> Pair(Schema schema, IReadOnlyList<FieldValue> points, Func<string> newPartitionId, bool isRootNamed = true)
    {
        Check(schema.RowKeyFields[0], points);
        var done = new List<Partition>((2 * points.Count) + 1);
        var level = Leaves(Region.Everything(schema), points, newPartitionId);
        while (level.Count > 1)
        {
            var above = new List<Partition>((level.Count + 1) / 2);
            for (int i = 0; i + 1 < level.Count; i += 2)
            {
                string id = level.Count == 2 && isRootNamed ? PartitionTree.RootId : newPartitionId();
                var low = level[i] with { ParentId = id };
                var high = level[i + 1] with { ParentId = id };
                done.Add(low);
                done.Add(high);
                var region = low.Region.With(0, low.Region.Ranges[0].Min, high.Region.Ranges[0].Max);
                above.Add(new Partition(id, null, [low.Id, high.Id], region, 0));
            }

            if (level.Count % 2 == 1)
            {
                above.Add(level[^1]);
            }

            level = above;
        }

        done.Add(level[0]);
        return done;
    }

    private static List<Partition> Leaves(Region everything, IReadOnlyList<FieldValue> points, Func<string> newPartitionId)
    {
        var leaves = new List<Partition>(points.Count + 1);
        var min = everything.Ranges[0].Min;
        for (int i = 0; i <= points.Count; i++)
        {
            var max = i < points.Count ? points[i] : FieldValue.Null;
            string id = points.Count == 0 ? PartitionTree.RootId : newPartitionId();
            leaves.Add(new Partition(id, null, [], everything.With(0, min, max), -1));
            min = max;
        }

        return leaves;
    }

    private static void Check(Field rowKey, IReadOnlyList<FieldValue> points)
    {
        var minimum = KeyValueOrder.Minimum(rowKey.Type);
        for (int i = 0; i < points.Count; i++)
        {
            string where = $"Split point {i} of {points.Count} on row key '{rowKey.Name}'";
            if (points[i].Kind != minimum.Kind)
            {
                throw new ArgumentException($"{where} is of kind {points[i].Kind}, but the row key is {rowKey.Type}. Give all points in that type.");
            }

            if (points[i].Kind == FieldValueKind.String && !UnicodeText.IsWellFormed(points[i].AsString()))
            {
                throw new ArgumentException($"{where} is text with half of a surrogate pair, which has no UTF-8 form. Give whole characters.");
            }

            var before = i == 0 ? minimum : points[i - 1];
            int comparison = KeyValueOrder.Compare(before, points[i], KeyOrder.Bytes);
            if (comparison == 0)
            {
                throw new ArgumentException(i == 0
                    ? $"{where}, {points[i]}, is the smallest value there is: no row would be below it. Leave it out."
                    : $"{where}, {points[i]}, repeats the point before it. Leave it out.");
            }

            if (comparison > 0)
            {
                throw new ArgumentException(
                    $"{where}, {points[i]}, comes before point {i - 1}, {before}. Give the points in ascending order of their unsigned bytes (text: UTF-8).");
            }
        }
    }
}
