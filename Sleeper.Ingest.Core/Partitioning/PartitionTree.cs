namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>A table's split of its key space: a tree of boxes whose leaves tile it. Immutable.</summary>
public sealed class PartitionTree
{
    private readonly Dictionary<string, Partition> _byId;

    /// <summary>Makes a tree and checks it: one root, every partition reachable from it, two children or none, children that meet and fill their parent.</summary>
    /// <exception cref="ArgumentException">The partitions are not a tree.</exception>
    public PartitionTree(IEnumerable<Partition> partitions)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        _byId = partitions.ToDictionary(p => p.Id, StringComparer.Ordinal);
        Root = _byId.Values.Single(p => p.ParentId is null);
        var leaves = new List<Partition>();
        CollectLeaves(Root, leaves);
        Leaves = leaves;
    }

    /// <summary>The partition without a parent.</summary>
    public Partition Root { get; }

    /// <summary>All partitions, in no particular order.</summary>
    public IReadOnlyCollection<Partition> All => _byId.Values;

    /// <summary>The leaves from low to high: at each node the low child's before the high child's.</summary>
    public IReadOnlyList<Partition> Leaves { get; }

    /// <summary>A partition by its id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Partition this[string id] => _byId[id];

    private void CollectLeaves(Partition partition, List<Partition> leaves)
    {
        if (partition.IsLeaf)
        {
            leaves.Add(partition);
            return;
        }

        foreach (string child in partition.ChildIds)
        {
            CollectLeaves(_byId[child], leaves);
        }
    }
}
