namespace Sleeper.Ingest.Core.Bucketing;

/// <summary>The rows of a range of neighbouring leaves that are in memory, unsorted, in order of arrival.</summary>
/// <remarks>The slab that is being filled belongs to the <see cref="BucketSet"/>; the full ones are here.</remarks>
internal sealed class Bucket
{
    private readonly List<Slab> _slabs = [];

    public Bucket(int index, int firstLeaf, int leafCount)
    {
        Index = index;
        FirstLeaf = firstLeaf;
        LeafCount = leafCount;
    }

    public int Index { get; }

    /// <summary>The first of its leaves, by position.</summary>
    public int FirstLeaf { get; }

    public int LeafCount { get; }

    /// <summary>Bytes of the rows in memory.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>Rows in memory.</summary>
    public long MemoryRows { get; private set; }

    public IReadOnlyList<Slab> Slabs => _slabs;

    public void Add(Slab slab)
    {
        _slabs.Add(slab);
        MemoryBytes += slab.UsedBytes;
        MemoryRows += slab.RowCount;
    }

    /// <summary>Takes all slabs out of the bucket; the caller releases them.</summary>
    public Slab[] TakeSlabs()
    {
        Slab[] slabs = [.. _slabs];
        _slabs.Clear();
        MemoryBytes = 0;
        MemoryRows = 0;
        return slabs;
    }
}
