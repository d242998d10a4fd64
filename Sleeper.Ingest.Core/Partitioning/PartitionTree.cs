using System.Diagnostics.CodeAnalysis;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>A table's split of its key space: a tree of boxes whose leaves tile it. Immutable, safe for many threads.</summary>
public sealed class PartitionTree
{
    /// <summary>The id of the root of a table made here, and of a table that is one partition.</summary>
    internal const string RootId = "root";

    private readonly Dictionary<string, Partition> _byId;

    /// <summary>Makes a tree and checks it: one root, every partition reachable from it, two children or none, children that meet and fill their parent.</summary>
    /// <exception cref="ArgumentException">The partitions are not a tree.</exception>
    public PartitionTree(IEnumerable<Partition> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _byId = PartitionTreeRules.Check(partitions, out var root);
        Root = root;
        Leaves = CollectLeaves();
    }

    /// <summary>The partition without a parent.</summary>
    public Partition Root { get; }

    /// <summary>The number of the log entry after which the tree was so; 0 if it does not come from a log.</summary>
    internal long LogNumber { get; init; }

    /// <summary>All partitions, in no particular order.</summary>
    public IReadOnlyCollection<Partition> All => _byId.Values;

    /// <summary>The leaves from low to high: at each node the low child's before the high child's.</summary>
    public IReadOnlyList<Partition> Leaves { get; }

    /// <summary>A partition by its id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Partition this[string id] =>
        _byId.TryGetValue(id, out var partition)
            ? partition
            : throw new KeyNotFoundException($"The tree of {_byId.Count} partitions has none with the id '{id}'.");

    /// <summary>The tree of one partition, <c>root</c>, that holds every key.</summary>
    /// <exception cref="ArgumentNullException">The schema is null.</exception>
    public static PartitionTree Single(Schema schema) => new([new Partition(RootId, null, [], Region.Everything(schema), -1)]);

    /// <summary>
    /// The tree with a leaf below, between and above points of the first row key: neighbours are paired from left to right, level by level, an
    /// odd last one is carried up, until one is left. That one is called <c>root</c>.
    /// </summary>
    /// <param name="schema">Gives the row keys. Keys after the first are not split.</param>
    /// <param name="splitPointsOnFirstRowKey">
    /// Ascending by unsigned bytes (text by its UTF-8 bytes), without repeats, of the first row key's type. A key equal to a point goes above it.
    /// None gives <see cref="Single"/>.
    /// </param>
    /// <param name="newPartitionId">Called for each partition but the root; never gives one id twice.</param>
    /// <exception cref="ArgumentException">A split point is of another type, repeated or out of order; an id occurs twice.</exception>
    public static PartitionTree FromSplitPoints(
        Schema schema, IReadOnlyList<FieldValue> splitPointsOnFirstRowKey, Func<string> newPartitionId)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(splitPointsOnFirstRowKey);
        ArgumentNullException.ThrowIfNull(newPartitionId);
        return new PartitionTree(SplitPoints.Pair(schema, splitPointsOnFirstRowKey, newPartitionId));
    }

    /// <summary>
    /// The tree of a new table of a deployed instance, as the Java system makes it: like <see cref="FromSplitPoints"/>, but every id is a new one. The points ascend in
    /// Java's order, by which the table is split, and in that of bytes, by which it is read: else it would have leaves in which no row is ever found.
    /// </summary>
    /// <exception cref="ArgumentException">A split point is of another type, repeated or out of either order.</exception>
    internal static PartitionTree ForInstance(Schema schema, IReadOnlyList<FieldValue> splitPointsOnFirstRowKey, Func<string> newPartitionId)
    {
        if (splitPointsOnFirstRowKey.Count == 0)
        {
            return Single(schema);
        }

        var partitions = SplitPoints.Pair(schema, splitPointsOnFirstRowKey, newPartitionId, isRootNamed: false);
        for (int i = 1; i < splitPointsOnFirstRowKey.Count; i++)
        {
            if (KeyValueOrder.Compare(splitPointsOnFirstRowKey[i - 1], splitPointsOnFirstRowKey[i], KeyOrder.Java) >= 0)
            {
                throw new ArgumentException(
                    $"Split point {i} of {splitPointsOnFirstRowKey.Count}, {splitPointsOnFirstRowKey[i]}, comes before point {i - 1}, {splitPointsOnFirstRowKey[i - 1]}, in Java's order (text by UTF-16 "
                    + "units, bytes signed), which a table of an instance is split by. No row between them would be found: leave one of them out.");
            }
        }

        return new PartitionTree(partitions);
    }

    /// <summary>True if there is a partition of that id.</summary>
    public bool Contains(string id) => _byId.ContainsKey(id);

    /// <summary>Looks a partition up by its id.</summary>
    public bool TryGet(string id, [MaybeNullWhen(false)] out Partition partition) => _byId.TryGetValue(id, out partition);

    /// <summary>The partition that a leaf was split from, and so on up to the root; not the partition itself.</summary>
    /// <exception cref="KeyNotFoundException">There is no partition of that id.</exception>
    public IEnumerable<Partition> AncestorsOf(string id)
    {
        string? parent = this[id].ParentId;
        while (parent is not null)
        {
            var partition = _byId[parent];
            yield return partition;
            parent = partition.ParentId;
        }
    }

    /// <summary>The leaf of a row key: at each node the low child if the value is below that child's maximum, else the high one.</summary>
    /// <param name="rowKey">A value for each row key, in schema order.</param>
    /// <param name="order">The order of the table.</param>
    internal Partition LeafOf(IReadOnlyList<FieldValue> rowKey, KeyOrder order)
    {
        if (rowKey.Count != Root.Region.Ranges.Count)
        {
            throw new ArgumentException(
                $"The row key has {rowKey.Count} values, but the tree is of {Root.Region.Ranges.Count} row keys. Give one value for each.");
        }

        var current = Root;
        while (!current.IsLeaf)
        {
            var low = _byId[current.ChildIds[0]];
            int dimension = current.Dimension;
            bool below = KeyValueOrder.Compare(rowKey[dimension], low.Region.Ranges[dimension].Max, order) < 0;
            current = below ? low : _byId[current.ChildIds[1]];
        }

        return current;
    }

    /// <summary>Refuses a tree that has a range which is not ascending in the order that rows are routed by.</summary>
    /// <exception cref="ArgumentException">A range is empty or upside down.</exception>
    internal void RequireOrder(KeyOrder order) => PartitionTreeRules.RequireOrder(_byId.Values, order);

    /// <summary>True if every range ascends in an order, so that the leaves tile the key space in it.</summary>
    internal bool IsInOrder(KeyOrder order) =>
        _byId.Values.All(p => p.Region.Ranges.All(r => r.Max.IsNull || KeyValueOrder.Compare(r.Min, r.Max, order) < 0));

    private List<Partition> CollectLeaves()
    {
        // With a stack of its own: a tree that grew by splitting its last leaf again and again is as deep as it has leaves.
        var leaves = new List<Partition>((_byId.Count + 1) / 2);
        var open = new Stack<Partition>();
        open.Push(Root);
        while (open.TryPop(out var partition))
        {
            if (partition.IsLeaf)
            {
                leaves.Add(partition);
                continue;
            }

            open.Push(_byId[partition.ChildIds[1]]);
            open.Push(_byId[partition.ChildIds[0]]);
        }

        return leaves;
    }
}
