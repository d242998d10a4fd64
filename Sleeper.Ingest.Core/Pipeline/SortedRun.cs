using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Sorted rows in memory, in one stretch. Owns the entries, and the slabs or loaded extents that the rows lie in.</summary>
internal sealed unsafe class SortedRun : IRowCursor
{
    private readonly SlabPool _pool;
    private readonly NativeBuffer? _entries;
    private readonly int _count;
    private Slab[] _slabs;
    private SpilledRows? _loaded;
    private bool _isRead;

    /// <summary>Sorts loaded rows and slabs, those that arrived first given first; takes them over, also if this fails.</summary>
    private SortedRun(SpilledRows? loaded, Slab[] slabs, SlabPool pool, MemoryBudget budget)
    {
        _loaded = loaded;
        _slabs = slabs;
        _pool = pool;
        long rows = loaded?.RowCount ?? 0;
        foreach (var slab in slabs)
        {
            rows += slab.RowCount;
        }

        if (rows == 0)
        {
            return;
        }

        try
        {
            _count = checked((int)rows);
            _entries = Take(_count, budget);
            Fill((RowEntry*)_entries.Pointer);
            using var scratch = Take(_count, budget);
            RowSorter.Sort((RowEntry*)_entries.Pointer, (RowEntry*)scratch.Pointer, _count);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The rows of a bucket that are in memory.</summary>
    public static SortedRun FromMemory(Bucket bucket, SlabPool pool, MemoryBudget budget) => new(null, bucket.TakeSlabs(), pool, budget);

    /// <summary>The rows of extents.</summary>
    public static SortedRun FromDisk(IReadOnlyList<SpillExtent> extents, SlabPool pool, MemoryBudget budget) =>
        new(SpillReader.Load(extents, budget), [], pool, budget);

    /// <summary>The rows of extents and those of a bucket that are in memory, which arrived later.</summary>
    public static SortedRun FromDiskAndMemory(IReadOnlyList<SpillExtent> extents, Bucket bucket, SlabPool pool, MemoryBudget budget) =>
        new(SpillReader.Load(extents, budget), bucket.TakeSlabs(), pool, budget);

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        if (_isRead || _count == 0)
        {
            entries = null;
            count = 0;
            return false;
        }

        _isRead = true;
        entries = (RowEntry*)_entries!.Pointer;
        count = _count;
        return true;
    }

    public void Dispose()
    {
        _entries?.Dispose();
        _loaded?.Dispose();
        _loaded = null;
        foreach (var slab in _slabs)
        {
            _pool.Release(slab.Buffer);
        }

        _slabs = [];
    }

    private static NativeBuffer Take(int entryCount, MemoryBudget budget)
    {
        nint bytes = (nint)entryCount * sizeof(RowEntry);
        budget.Reserve(bytes);
        return new NativeBuffer(bytes, budget);
    }

    private void Fill(RowEntry* entries)
    {
        if (_loaded is not null)
        {
            _loaded.BuildEntries(entries);
            entries += _loaded.RowCount;
        }

        foreach (var slab in _slabs)
        {
            entries += EntryBuilder.Build(slab.Buffer.Pointer, slab.UsedBytes, entries);
        }
    }
}
