using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>What of a bucket lies on disk: first unsorted extents, then sorted runs, both in order of arrival.</summary>
internal sealed class SpilledBucket
{
    private long _unsortedBytes;
    private long _unsortedRows;

    public List<SpillExtent> Extents { get; } = [];

    public List<SpillExtent> Runs { get; } = [];

    public bool HasRows => Extents.Count > 0 || Runs.Count > 0;

    /// <summary>What loading and sorting the unsorted part takes.</summary>
    public long LoadBytes => Extents.Count == 0 ? 0 : _unsortedBytes + SpillFormat.BlockHeaderBytes + (_unsortedRows * MemoryPlan.SortBytesPerRow);

    public void AddExtent(SpillExtent extent)
    {
        Extents.Add(extent);
        _unsortedBytes += extent.RowBytes;
        _unsortedRows += extent.RowCount;
    }
}
