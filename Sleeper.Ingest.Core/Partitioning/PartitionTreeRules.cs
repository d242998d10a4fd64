using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>What makes a set of partitions a tree whose leaves tile the key space. Each rule names the partition that breaks it.</summary>
internal static class PartitionTreeRules
{
    public static Dictionary<string, Partition> Check(IEnumerable<Partition> partitions, out Partition root)
    {
        var byId = new Dictionary<string, Partition>(StringComparer.Ordinal);
        foreach (var partition in partitions)
        {
            Require(!string.IsNullOrEmpty(partition.Id), "A partition has no id. Give every partition an id of its own.");
            Require(byId.TryAdd(partition.Id, partition), $"Two partitions have the id '{partition.Id}'. Give every partition an id of its own.");
        }

        root = FindRoot(byId);
        CheckRanges(byId.Values, root);
        int reached = CheckDownFrom(root, byId);
        if (reached != byId.Count)
        {
            throw Unreachable(root, byId);
        }

        return byId;
    }

    public static void RequireOrder(IEnumerable<Partition> partitions, KeyOrder order)
    {
        foreach (var partition in partitions)
        {
            foreach (var range in partition.Region.Ranges)
            {
                Require(
                    range.Max.IsNull || KeyValueOrder.Compare(range.Min, range.Max, order) < 0,
                    $"Partition '{partition.Id}' has the range [{range}], which holds no value in the order "
                    + $"that this table routes rows by ({order}). The table cannot be written to in this order.");
            }
        }
    }

    private static Partition FindRoot(Dictionary<string, Partition> byId)
    {
        Require(byId.Count > 0, "There are no partitions. A table has at least its root.");
        var roots = byId.Values.Where(p => p.ParentId is null).ToList();
        Require(roots.Count > 0, $"None of the {byId.Count} partitions is without a parent: there is no root.");
        Require(
            roots.Count == 1,
            $"{roots.Count} partitions are without a parent, among them '{roots[0].Id}' and '{roots[^1].Id}'. There is one root.");
        return roots[0];
    }

    private static void CheckRanges(IEnumerable<Partition> partitions, Partition root)
    {
        var expected = root.Region.Ranges;
        bool bytes = true;
        bool java = true;
        foreach (var partition in partitions)
        {
            var ranges = partition.Region.Ranges;
            Require(
                ranges.Select(r => r.FieldName).SequenceEqual(expected.Select(r => r.FieldName), StringComparer.Ordinal),
                $"Partition '{partition.Id}' has the region {partition.Region}, the root {root.Region}: they are not of the same row keys.");
            for (int i = 0; i < ranges.Count; i++)
            {
                var range = ranges[i];
                var kind = expected[i].Min.Kind;
                Require(
                    kind <= FieldValueKind.ByteArray && kind != FieldValueKind.Null && range.Min.Kind == kind
                    && (range.Max.IsNull || range.Max.Kind == kind),
                    $"Partition '{partition.Id}' has the range [{range}], whose bounds are not both of one type that the root has too ({kind}).");
                bytes &= range.Max.IsNull || KeyValueOrder.Compare(range.Min, range.Max, KeyOrder.Bytes) <= 0;
                java &= range.Max.IsNull || KeyValueOrder.Compare(range.Min, range.Max, KeyOrder.Java) <= 0;
                Require(bytes || java, $"Partition '{partition.Id}' has the range [{range}], whose minimum is above its maximum.");
            }
        }
    }

    private static int CheckDownFrom(Partition root, Dictionary<string, Partition> byId)
    {
        int reached = 0;
        var open = new Stack<Partition>();
        open.Push(root);
        while (open.TryPop(out var partition))
        {
            // Links to parents match, so no partition is met twice: the walk ends.
            reached++;
            if (!partition.IsLeaf)
            {
                var (low, high) = CheckSplit(partition, byId);
                open.Push(low);
                open.Push(high);
            }
        }

        return reached;
    }

    private static (Partition Low, Partition High) CheckSplit(Partition parent, Dictionary<string, Partition> byId)
    {
        Require(
            parent.ChildIds.Count == 2 && parent.ChildIds[0] != parent.ChildIds[1],
            $"Partition '{parent.Id}' has the children [{string.Join(", ", parent.ChildIds)}]. A partition has two children or none.");
        Require(
            parent.Dimension >= 0 && parent.Dimension < parent.Region.Ranges.Count,
            $"Partition '{parent.Id}' says that it was split on row key {parent.Dimension}, but there are {parent.Region.Ranges.Count}, counted from 0.");
        var low = CheckChild(parent, parent.ChildIds[0], byId);
        var high = CheckChild(parent, parent.ChildIds[1], byId);
        for (int i = 0; i < parent.Region.Ranges.Count; i++)
        {
            var whole = parent.Region.Ranges[i];
            var (l, h) = (low.Region.Ranges[i], high.Region.Ranges[i]);
            bool fits = i == parent.Dimension
                ? l.Min == whole.Min && !l.Max.IsNull && l.Max == h.Min && h.Max == whole.Max
                : l == whole && h == whole;
            Require(
                fits,
                $"Partition '{parent.Id}' with [{whole}] was split on row key {parent.Dimension}, but its children '{low.Id}' with [{l}] and "
                + $"'{high.Id}' with [{h}] do not meet and fill it.");
        }

        return (low, high);
    }

    private static Partition CheckChild(Partition parent, string id, Dictionary<string, Partition> byId)
    {
        if (!byId.TryGetValue(id, out var child))
        {
            throw new ArgumentException($"Partition '{parent.Id}' names the child '{id}', which is not there.");
        }

        Require(child.ParentId == parent.Id, $"Partition '{parent.Id}' names the child '{id}', whose parent is '{child.ParentId ?? "none"}'.");
        return child;
    }

    private static ArgumentException Unreachable(Partition root, Dictionary<string, Partition> byId)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { root.Id };
        var open = new Stack<Partition>([root]);
        while (open.TryPop(out var partition))
        {
            foreach (string child in partition.ChildIds)
            {
                reached.Add(child);
                open.Push(byId[child]);
            }
        }

        string lost = byId.Keys.Where(id => !reached.Contains(id)).Order(StringComparer.Ordinal).First();
        return new ArgumentException(
            $"Partition '{lost}' with the parent '{byId[lost].ParentId}' cannot be reached from the root '{root.Id}': its parent does not name it, or is not there.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }

    private static void Require(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref Fault fault)
    {
        if (!condition)
        {
            throw new ArgumentException(fault.ToStringAndClear());
        }
    }

    /// <summary>A message that is put together only if its rule is broken. Put together always, those of 10,000 leaves took 0.1 s whenever the tree was read.</summary>
    [InterpolatedStringHandler]
    private ref struct Fault
    {
        private DefaultInterpolatedStringHandler _text;

        public Fault(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = !condition;
            _text = isNeeded ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public string ToStringAndClear() => _text.ToStringAndClear();
    }
}
