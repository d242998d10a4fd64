using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The spine: rows in, data files out. Wires the stages together and owns their memory.</summary>
/// <remarks>
/// <para>First half: pieces of input are encoded by workers and put into buckets in order of arrival (<see cref="WorkerPool"/>,
/// <see cref="EncodeContext"/>, <see cref="BucketWriter"/>). Second half, once all rows have come: buckets are sorted and written, one worker a
/// bucket (<see cref="BucketReader"/>, <see cref="DataFileWriter"/>).</para>
/// <para>One caller at a time. Disposing frees memory and spill files; objects written are the caller's to remove or commit.</para>
/// </remarks>
internal sealed class IngestPipeline : IAsyncDisposable
{
    private readonly PipelineOptions _options;
    private readonly MemoryPlan _plan;
    private readonly MemoryBudget _budget;
    private readonly SlabPool _pool;
    private readonly BucketSpill _spill;
    private readonly BucketWriter _bucketWriter;
    private readonly WorkerPool _workers;
    private readonly ProgressMeter _meter;
    private PartitionTree? _tree;
    private long _uploadBytes;
    private bool _isDisposed;

    public IngestPipeline(PipelineOptions options, PartitionTree? tree, PreSplit? preSplit, Spilling.SpillDirectory spillDirectory, ProgressMeter meter)
    {
        _options = options;
        _meter = meter;
        int leaves = tree?.Leaves.Count ?? preSplit!.LeafCount;
        _plan = MemoryPlan.Make(options.MemoryBudgetBytes, options.Workers, leaves, oneBucket: false, options.Limits.MaxRowBytes);
        _budget = new MemoryBudget(options.MemoryBudgetBytes);
        _budget.Reserve(_plan.Workers * _plan.EncoderBytesPerWorker);
        _pool = new SlabPool(_budget, _plan.SlabBytes);
        _spill = new BucketSpill(_plan, _budget, _pool, spillDirectory, meter, options.StageClock);
        var watchedSplit = preSplit?.Watch(t => _tree = t);
        _bucketWriter = new BucketWriter(
            options.Schema, options.Order, _plan, _budget, _pool, _spill, options.SharedFile, watchedSplit, options.OnRowError)
        {
            IsLive = options.IsLive,
        };
        if (tree is not null)
        {
            _tree = tree;
            _bucketWriter.Route(tree);
        }

        Limits = options.Limits with { MaxRowBytes = _plan.MaxRowBytes };
        var gate = new SequenceGate();
        _workers = new WorkerPool(_plan.Workers, gate, () => new EncodeContext(_plan, _budget, gate, _bucketWriter, Limits, options.StageClock), options.StageClock);
    }

    public RowLimits Limits { get; }

    public MemoryPlan Plan => _plan;

    public MemoryBudget Budget => _budget;

    /// <summary>Null until the tree is known.</summary>
    public PartitionTree? Tree => _tree;

    /// <summary>Null until the tree is known.</summary>
    public LeafRouter? Router => _bucketWriter.Router;

    public long RejectedRowCount => _bucketWriter.RejectedRowCount;

    public long RowCount => _bucketWriter.RowCount;

    public long EncodedBytes => _bucketWriter.Buckets?.ByteCount ?? 0;

    public long SpilledBytes => _spill.SpilledBytes;

    public long SpilledRows => _spill.SpilledRows;

    public long RespilledRows => _spill.RespilledRows;

    /// <summary>The number of the partitions log's entry that the tree comes from.</summary>
    public long PlannedOnPartitions => _tree?.LogNumber ?? 0;

    /// <summary>A digest of the rows that does not depend on their order.</summary>
    public string Digest => (_bucketWriter.Buckets?.Digest ?? 0).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Takes memory for a row that is larger than a batch, spilling rows if need be. False if nothing is left to spill.</summary>
    public bool TryReserve(long bytes) => _bucketWriter.TryReserve(bytes);

    public ValueTask AddAsync(IngestWork work, CancellationToken cancellationToken) => _workers.AddAsync(work, cancellationToken);

    public Task DrainAsync(CancellationToken cancellationToken) => _workers.DrainAsync(cancellationToken);

    /// <summary>Ends the workers, so that a call that waits for them ends too. Memory is freed by <see cref="DisposeAsync"/>.</summary>
    public ValueTask StopAsync() => _workers.DisposeAsync();

    /// <summary>All rows have come: ends the first half. Returns the number of rows.</summary>
    public async Task<long> FinishRowsAsync(CancellationToken cancellationToken)
    {
        await _workers.CompleteAsync(cancellationToken).ConfigureAwait(false);
        await _bucketWriter.FinishAsync(cancellationToken).ConfigureAwait(false);
        return RowCount;
    }

    /// <summary>Sorts the buckets and writes their data files.</summary>
    public Task<IReadOnlyList<DataFile>> WriteFilesAsync(FilePlaces places, CancellationToken cancellationToken)
    {
        var buckets = _bucketWriter.Buckets!;
        var (readers, store) = MakeRoom(buckets, places.Store);
        if (_spill.SpilledRows == 0)
        {
            // What the readers need is free already.
            _pool.KeepToTheEnd();
        }

        var reader = new BucketReader(_budget, _pool, _spill, _options.StageClock);
        var options = _options with { Limits = Limits };
        return new FileWriting(options, reader, readers, buckets, _tree!, _bucketWriter.Router!, places with { Store = store }, _meter).RunAsync(cancellationToken);
    }

    /// <summary>Takes memory for uploads, and spills until as many buckets as possible can be read and written at once.</summary>
    private (int Readers, IObjectStore Store) MakeRoom(BucketSet buckets, IObjectStore store)
    {
        if (store is not IBufferedUploads uploads)
        {
            return (_spill.MakeRoomForReading(buckets, TransformBytes), store);
        }

        int most = Math.Min(_plan.Workers, buckets.Buckets.Count);
        for (int writers = most; ; writers--)
        {
            var (limited, heldBytes) = uploads.WithMemory(_options.SharedFile ? 1 : writers, LongestFileBytes(buckets), _plan.BudgetBytes / 4);
            int readers = _spill.MakeRoomForReading(buckets, TransformBytes + (heldBytes / writers));
            if (readers >= writers || writers == 1 || _options.SharedFile)
            {
                // With one file at a time and the smallest budgets a part may not fit.
                _uploadBytes = Math.Min(heldBytes, _spill.FreeWhenReading(buckets, readers));
                _budget.Reserve(_uploadBytes);
                return (Math.Min(readers, writers), limited);
            }
        }
    }

    /// <summary>Twice the rows' bytes: a bound, but for rows of a few bytes whose columns do not compress.</summary>
    private long LongestFileBytes(BucketSet buckets) => _options.SharedFile
        ? 2 * buckets.ByteCount
        : 2 * (long)((Int128)buckets.ByteCount * buckets.RowsOfLeaf.ToArray().Max() / Math.Max(1, buckets.RowCount));

    /// <summary>What each worker needs for filters and aggregations: joined texts and maps may grow, and up to this size they surely can.</summary>
    private long TransformBytes => _options.Iterators is not { } iterators ? 0
        : iterators.Aggregation is null ? RowTransform.MemoryBytes
        : RowTransform.MemoryBytes + Math.Min(_plan.MaxRowBytes, _plan.BudgetBytes / 16 / _plan.Workers);

    public async ValueTask DisposeAsync()
    {
        await _workers.DisposeAsync().ConfigureAwait(false);
        _bucketWriter.Dispose();
        _pool.Dispose();
        _spill.Dispose();
        if (!_isDisposed)
        {
            _isDisposed = true;
            _budget.Release((_plan.Workers * _plan.EncoderBytesPerWorker) + _uploadBytes);
        }
    }
}
