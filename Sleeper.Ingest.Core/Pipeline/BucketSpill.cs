using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Merging;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Moves buckets to local disk when memory is used up, and knows what of each bucket lies there.</summary>
/// <remarks>
/// <para>The bucket with the most rows in memory goes out, whole. What goes out first stays unsorted: it is loaded and sorted in one go later. Once
/// a bucket has more on disk than <see cref="MemoryPlan.LoadLimitBytes"/> allows to load, further rows go out as sorted runs, which are merged
/// later. So each row is written to disk once at most, unless there are more runs than can be merged at once.</para>
/// <para>Spilling is for whoever has the turn; reading back is for all workers.</para>
/// </remarks>
internal sealed class BucketSpill : IRunStore<SpillExtent>, IDisposable
{
    private readonly MemoryPlan _plan;
    private readonly MemoryBudget _budget;
    private readonly SlabPool _pool;
    private readonly SpillDirectory _directory;
    private readonly ProgressMeter _meter;
    private readonly StageClock? _clock;
    private readonly Lock _writerLock = new();
    private readonly int _runBlockBytes;
    private SpilledBucket[] _buckets = [];
    private SpillFile? _file;
    private SpillWriter? _writer;
    private uint _nextRun;
    private bool _isDisposed;

    public BucketSpill(MemoryPlan plan, MemoryBudget budget, SlabPool pool, SpillDirectory directory, ProgressMeter meter, StageClock? clock = null)
    {
        _plan = plan;
        _budget = budget;
        _pool = pool;
        _directory = directory;
        _meter = meter;
        _clock = clock;
        _runBlockBytes = plan.RunBlockBytes;
        _budget.Reserve(WriterBytes);
    }

    public long SpilledBytes { get; private set; }

    /// <summary>Rows written to disk, each as often as it was.</summary>
    public long SpilledRows { get; private set; }

    /// <summary>Of them those written again because there were more runs than can be merged at once.</summary>
    public long RespilledRows { get; private set; }

    private int WriterBytes => SpillWriter.BufferBytes(_runBlockBytes);

    public void Prepare(BucketSet buckets) =>
        _buckets = [.. Enumerable.Range(0, buckets.Buckets.Count).Select(_ => new SpilledBucket())];

    public bool HasSpilled(int bucketIndex) => _buckets[bucketIndex].HasRows;

    /// <summary>Spills until so many bytes of memory are free, or nothing is left to spill.</summary>
    public void KeepFree(BucketSet buckets, long bytes)
    {
        while (!_pool.MakeFree(bytes) && TrySpillLargest(buckets))
        {
        }
    }

    /// <summary>Spills the bucket with the most bytes in memory.</summary>
    /// <exception cref="IngestException">There is nothing to spill, or the disk or its budget is full.</exception>
    public void SpillLargest(BucketSet buckets)
    {
        if (!TrySpillLargest(buckets))
        {
            throw new IngestException(
                $"The memory budget of {_plan.BudgetBytes:N0} bytes is used up and no rows are left to spill. Raise WithMemoryBudget, or lower WithDegreeOfParallelism.");
        }
    }

    /// <summary>
    /// All rows have come: spills until the buckets that workers will read at the same time can be loaded and sorted. Returns how many can be
    /// read at the same time: fewer than there are workers if rows are so large that merging them takes more than a worker's share.
    /// </summary>
    /// <param name="buckets">All of them.</param>
    /// <param name="bytesPerReader">What each reader needs besides.</param>
    public int MakeRoomForReading(BucketSet buckets, long bytesPerReader)
    {
        _pool.ReturnsPages = SpilledRows > 0;
        int readers = Math.Min(_plan.Workers, buckets.Buckets.Count);
        while (_budget.FreeBytes < NeededForReading(buckets, readers) + (readers * bytesPerReader) && TrySpillLargest(buckets))
        {
        }

        while (readers > 1 && _budget.FreeBytes < NeededForReading(buckets, readers) + (readers * bytesPerReader))
        {
            readers--;
        }

        return readers;
    }

    /// <summary>Bytes that are free beyond what so many readers need.</summary>
    public long FreeWhenReading(BucketSet buckets, int readers) => Math.Max(0, _budget.FreeBytes - NeededForReading(buckets, readers));

    /// <summary>The rows of a bucket of which some are on disk, in key order.</summary>
    public IRowCursor OpenCursor(Bucket bucket)
    {
        var spilled = _buckets[bucket.Index];
        if (spilled.Runs.Count == 0)
        {
            return SortedRun.FromDiskAndMemory(spilled.Extents, bucket, _pool, _budget);
        }

        var runs = RunReducer.Reduce(spilled.Runs, MergeWidth(spilled), this, _budget, CancellationToken.None);
        var cursors = new List<IRowCursor>();
        try
        {
            if (spilled.Extents.Count > 0)
            {
                cursors.Add(SortedRun.FromDisk(spilled.Extents, _pool, _budget));
            }

            foreach (var run in runs)
            {
                cursors.Add(new RunCursor(run, _budget));
            }

            cursors.Add(SortedRun.FromMemory(bucket, _pool, _budget));
        }
        catch
        {
            cursors.ForEach(cursor => cursor.Dispose());
            throw;
        }

        return new RunMerger(cursors, _budget);
    }

    IRowCursor IRunStore<SpillExtent>.Open(SpillExtent run) => new RunCursor(run, _budget);

    SpillExtent IRunStore<SpillExtent>.Write(IRowCursor rows)
    {
        lock (_writerLock)
        {
            var run = Writer().AppendRun(_nextRun++, rows);
            Count(run);
            RespilledRows += run.RowCount;
            return run;
        }
    }

    void IRunStore<SpillExtent>.Delete(SpillExtent run)
    {
        // All runs share one file, which goes when the ingest ends.
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_writer is null)
        {
            _budget.Release(WriterBytes);
        }

        _writer?.Dispose();
        _file?.Dispose();
        _directory.Dispose();
    }

    private bool TrySpillLargest(BucketSet buckets)
    {
        int largest = -1;
        long most = 0;
        for (int i = 0; i < buckets.Buckets.Count; i++)
        {
            long bytes = buckets.MemoryBytes(i);
            if (bytes > most)
            {
                (largest, most) = (i, bytes);
            }
        }

        if (largest < 0)
        {
            return false;
        }

        var begun = _clock?.Begin() ?? default;
        buckets.CopyAll();
        buckets.Seal(largest);
        Spill(buckets.Buckets[largest]);
        _clock?.End(ClockedStage.Spill, begun, most);
        return true;
    }

    private void Spill(Bucket bucket)
    {
        var spilled = _buckets[bucket.Index];
        long loadBytes = spilled.LoadBytes + bucket.MemoryBytes + (bucket.MemoryRows * MemoryPlan.SortBytesPerRow);
        lock (_writerLock)
        {
            if (spilled.Runs.Count == 0 && loadBytes <= _plan.LoadLimitBytes)
            {
                spilled.AddExtent(WriteExtent(bucket));
            }
            else
            {
                _pool.MakeFree(bucket.MemoryRows * MemoryPlan.SortBytesPerRow);
                using var sorted = SortedRun.FromMemory(bucket, _pool, _budget);
                var run = Writer().AppendRun(_nextRun++, sorted);
                Count(run);
                spilled.Runs.Add(run);
            }
        }
    }

    private unsafe SpillExtent WriteExtent(Bucket bucket)
    {
        Slab[] slabs = bucket.TakeSlabs();
        try
        {
            var rows = new RowSlab[slabs.Length];
            for (int i = 0; i < slabs.Length; i++)
            {
                rows[i] = new RowSlab(slabs[i].Buffer.Pointer, slabs[i].UsedBytes, slabs[i].RowCount);
            }

            var extent = Writer().AppendExtent((uint)bucket.Index, rows);
            Count(extent);
            return extent;
        }
        finally
        {
            foreach (var slab in slabs)
            {
                _pool.Release(slab.Buffer);
            }
        }
    }

    private void Count(SpillExtent extent)
    {
        SpilledBytes += extent.Length;
        SpilledRows += extent.RowCount;
        _meter.Spilled(extent.Length);
    }

    private SpillWriter Writer()
    {
        if (_writer is null)
        {
            _file = _directory.CreateFile();
            _budget.Release(WriterBytes);
            _writer = new SpillWriter(_file, _budget, _runBlockBytes);
        }

        return _writer;
    }

    private int MergeWidth(SpilledBucket bucket)
    {
        long runBytes = bucket.Runs.Max(RunCursor.MemoryBytes);
        return MergePlan.Make(bucket.Runs.Count, runBytes, MergeLimit(runBytes)).Width;
    }

    /// <summary>What merging a bucket's runs may take: at least what two runs need, whatever the size of their rows.</summary>
    private long MergeLimit(long runBytes) => Math.Max(_plan.LoadLimitBytes, 2 * (runBytes + RunMerger.MemoryBytes(2)));

    private long NeededForReading(BucketSet buckets, int readers) =>
        buckets.Buckets.Select(NeededForReading).OrderDescending().Take(readers).Sum();

    private long NeededForReading(Bucket bucket)
    {
        var spilled = _buckets[bucket.Index];
        long needed = (bucket.MemoryRows * MemoryPlan.SortBytesPerRow) + spilled.LoadBytes;
        if (spilled.Runs.Count > 0)
        {
            // Two cursors more: the unsorted part and the rows in memory.
            long limit = MergeLimit(spilled.Runs.Max(RunCursor.MemoryBytes)) + LoserTree.MemoryBytes(2);
            needed += Math.Min(limit, spilled.Runs.Sum(RunCursor.MemoryBytes) + RunMerger.MemoryBytes(spilled.Runs.Count + 2));
        }

        return needed;
    }
}
