using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>
/// Puts encoded rows into the buckets of their leaves, in order of arrival, spills buckets when memory is used up, and holds the first rows back
/// while a new table's split points wait for them.
/// </summary>
/// <remarks>
/// Only whoever has the turn (see <see cref="SequenceGate"/>) calls it; but <see cref="Router"/> may be read and <see cref="TryReserve"/> called
/// by all.
/// </remarks>
internal sealed class BucketWriter : IDisposable
{
    private readonly Schema _schema;
    private readonly KeyOrder _order;
    private readonly MemoryPlan _plan;
    private readonly MemoryBudget _budget;
    private readonly SlabPool _pool;
    private readonly BucketSpill _spill;
    private readonly PreSplit? _preSplit;
    private readonly Action<RowError>? _onRowError;
    private readonly bool _sharedFile;
    private readonly Lock _lock = new();
    private BucketSet? _held;
    private volatile LeafRouter? _router;

    public BucketWriter(
        Schema schema, KeyOrder order, MemoryPlan plan, MemoryBudget budget, SlabPool pool, BucketSpill spill, bool sharedFile,
        PreSplit? preSplit, Action<RowError>? onRowError)
    {
        _schema = schema;
        _order = order;
        _plan = plan;
        _budget = budget;
        _pool = pool;
        _spill = spill;
        _sharedFile = sharedFile;
        _preSplit = preSplit;
        _onRowError = onRowError;
    }

    /// <summary>True for a table of a deployed instance.</summary>
    public bool IsLive { get; init; }

    /// <summary>Null as long as the tree is not known.</summary>
    public LeafRouter? Router => _router;

    /// <summary>Null as long as the tree is not known.</summary>
    public BucketSet? Buckets { get; private set; }

    public long RejectedRowCount { get; private set; }

    public long RowCount => Buckets?.RowCount ?? _held?.RowCount ?? 0;

    /// <summary>The number of buckets for a tree: a shared file of a tree that does not follow the key order needs all rows in one.</summary>
    public static int BucketCount(MemoryPlan plan, LeafRouter router, bool sharedFile) =>
        sharedFile && !router.IsOrderedByKey ? 1 : Math.Min(plan.BucketCount, router.LeafCount);

    /// <summary>The tree is known: rows go to their leaves from now on, those held back too.</summary>
    public void Route(PartitionTree tree)
    {
        var router = new LeafRouter(_schema, tree, _order, IsLive);
        int buckets = BucketCount(_plan, router, _sharedFile);
        Buckets = new BucketSet(router.LeafCount, buckets, router.IsOrderedByKey || _sharedFile, _pool);
        _spill.Prepare(Buckets);
        _router = router;
        if (_held is not null)
        {
            MoveHeldRows(router);
        }
    }

    /// <summary>Takes a batch's rows in their order. They are there when <see cref="Copy"/> was called for it too, which needs no turn.</summary>
    public async ValueTask AppendAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        if (batch.RowCount == 0)
        {
            return;
        }

        if (_router is null)
        {
            Hold(batch);
            if (PreSplit.IsEnough(_held!, _plan))
            {
                Route(await _preSplit!.DecideAsync(_held!, _budget, cancellationToken).ConfigureAwait(false));
            }

            return;
        }

        Append(batch);
    }

    /// <summary>Copies rows into their buckets. To be called for every batch that was appended, also where that failed.</summary>
    public void Copy(RowBatch batch) => Buckets?.Copy(batch);

    /// <summary>All rows have come: decides the split points now if they still wait.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        if (_router is null && _held is not null)
        {
            Route(await _preSplit!.DecideAsync(_held, _budget, cancellationToken).ConfigureAwait(false));
        }

        Buckets?.SealAll();
        _pool.KeepFreeBytes = 0;
        _pool.StopKeeping();
    }

    /// <summary>Takes memory for a row that is larger than a batch, spilling buckets if need be. False if there is nothing left to spill.</summary>
    public bool TryReserve(long bytes)
    {
        lock (_lock)
        {
            if (Buckets is { } buckets)
            {
                _spill.KeepFree(buckets, bytes + SortReserve(buckets, 0));
            }

            return _pool.MakeFree(bytes) && _budget.TryReserve(bytes);
        }
    }

    /// <summary>Tells the caller of bad rows, in their order, or fails the ingest.</summary>
    public void Report(List<RowError> errors)
    {
        foreach (var error in errors)
        {
            if (_onRowError is null)
            {
                throw new RowRejectedException(error);
            }

            RejectedRowCount++;
            _onRowError(error);
        }
    }

    public void Dispose()
    {
        _held?.Dispose();
        Buckets?.Dispose();
    }

    private void Append(RowBatch batch)
    {
        if (!batch.IsRouted)
        {
            RouteRows(batch);
        }

        lock (_lock)
        {
            var buckets = Buckets!;
            _spill.KeepFree(buckets, SortReserve(buckets, batch.RowCount));
            _pool.KeepFreeBytes = SortReserve(buckets, batch.RowCount);
            int row = 0;
            while ((row = buckets.Place(batch, row)) < batch.RowCount)
            {
                _spill.SpillLargest(buckets);
                _pool.KeepFreeBytes = SortReserve(buckets, batch.RowCount - row);
            }
        }
    }

    private void Hold(RowBatch batch)
    {
        _held ??= new BucketSet(1, 1, leavesAreKeyRanges: true, _pool);
        batch.IsRouted = false;
        batch.SetLeaves(0);
        int placed = _held.Place(batch, 0);
        _held.Copy(batch);
        if (placed < batch.RowCount)
        {
            throw new InvalidOperationException("Rows held back for split points did not fit in memory. This is a fault of the plan, not of the data.");
        }
    }

    private void MoveHeldRows(LeafRouter router)
    {
        var held = _held!;
        held.SealAll();
        foreach (var slab in held.Buckets[0].TakeSlabs())
        {
            int offset = 0;
            _spill.KeepFree(Buckets!, SortReserve(Buckets!, slab.RowCount));
            _pool.KeepFreeBytes = SortReserve(Buckets!, slab.RowCount);
            while (!Buckets!.AppendEncoded(slab, LeafOf, ref offset))
            {
                _spill.SpillLargest(Buckets);
                _pool.KeepFreeBytes = SortReserve(Buckets, slab.RowCount);
            }

            _pool.Release(slab.Buffer);
        }

        held.Dispose();
        _held = null;

        unsafe int LeafOf(nint key, int keyLength) => router.Route((byte*)key, keyLength);
    }

    private unsafe void RouteRows(RowBatch batch)
    {
        var router = _router!;
        byte* key = batch.Start;
        var rows = batch.RowsToRoute;
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = rows[i] with { Leaf = router.Route(key, rows[i].KeyLength) };
            key += rows[i].KeyLength + rows[i].ValueLength;
        }

        batch.IsRouted = true;
    }

    /// <summary>What sorting the largest buckets takes, should so many rows more get into the largest.</summary>
    private long SortReserve(BucketSet buckets, int rowsToCome) =>
        MemoryPlan.SortBytesPerRow * ((buckets.LargestMemoryRows() * Math.Min(_plan.Workers, buckets.Buckets.Count)) + rowsToCome);
}
