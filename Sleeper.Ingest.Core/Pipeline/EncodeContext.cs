using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>What one worker encodes into: a few batches, kept until it is their piece's turn to be bucketed.</summary>
/// <remarks>
/// A worker may run ahead of its turn as far as its batches reach. When they are full it waits for its turn, and from then on hands every batch
/// over as it fills. So any size of piece works, and pieces that fit are encoded side by side.
/// </remarks>
internal sealed class EncodeContext : IDisposable
{
    /// <summary>What is kept of each row besides its bytes is 20 bytes and not in the budget: 8 MiB a worker at most.</summary>
    private const int MaxRowsAhead = 400_000;

    private readonly SequenceGate _gate;
    private readonly BucketWriter _bucketWriter;
    private readonly RowBatch[] _batches;
    private readonly List<RowError> _errors = [];
    private readonly long _bucketBytesToLeave;
    private long _number;
    private int _filled;
    private int _rowsAhead;
    private bool _hasTurn;

    public EncodeContext(MemoryPlan plan, MemoryBudget budget, SequenceGate gate, BucketWriter bucketWriter, RowLimits limits, StageClock? clock = null)
    {
        _gate = gate;
        _bucketWriter = bucketWriter;
        Limits = limits;
        Clock = clock;
        Budget = budget;
        InputShareBytes = plan.InputBytesPerWorker;
        _bucketBytesToLeave = plan.BucketBytesToLeave;
        InputLimitBytes = plan.InputLimitBytes;
        StretchBytes = plan.EncoderBytesPerWorker / 4;
        _batches = new RowBatch[plan.BatchesPerWorker];
        for (int i = 0; i < _batches.Length; i++)
        {
            _batches[i] = new RowBatch(budget, plan.BatchBytes, fullRows: Math.Max(1024, plan.BatchBytes / 32), bucketWriter.TryReserve) { MaxRowBytes = limits.MaxRowBytes };
        }

        Batch = _batches[0];
    }

    public RowLimits Limits { get; }

    public MemoryBudget Budget { get; }

    /// <summary>Told what each stage takes; null for nobody.</summary>
    public StageClock? Clock { get; }

    /// <summary>About as many bytes of input are decoded at a time.</summary>
    public long StretchBytes { get; }

    /// <summary>Bytes that a piece's input may take while it is not its turn.</summary>
    public long InputLimitBytes { get; }

    /// <summary>Bytes of a piece's input that may be held for reading ahead.</summary>
    public long InputShareBytes { get; }

    /// <summary>The batch to encode into; after a row, <see cref="AdvanceAsync"/> if it is full.</summary>
    public RowBatch Batch { get; private set; }

    /// <summary>Where rows go, or null as long as that is not decided.</summary>
    public LeafRouter? Router { get; private set; }

    public void Begin(long number)
    {
        _number = number;
        _filled = 0;
        _rowsAhead = 0;
        _hasTurn = false;
        _errors.Clear();
        StartBatch(0);
    }

    /// <summary>Ends the row being written; unless it has no leaf, and then it is to be rejected for the reason returned.</summary>
    public unsafe RowFault? EndRow()
    {
        int leaf = Router is null ? 0 : Router.Route(Batch.CurrentKey, Batch.CurrentKeyBytes);
        if (leaf < 0)
        {
            return Router!.ExplainRefusal(Batch.CurrentKey, Batch.CurrentKeyBytes);
        }

        Batch.EndRow(leaf);
        return null;
    }

    /// <summary>Drops the row being written, which is bad.</summary>
    public void Reject(RowError error)
    {
        Batch.DiscardRow();
        _errors.Add(error);
    }

    /// <summary>Goes on to the next batch, waiting for the turn if this was the last one.</summary>
    public async ValueTask AdvanceAsync(CancellationToken cancellationToken)
    {
        _rowsAhead += Batch.RowCount;
        _filled++;
        if (_filled == _batches.Length || _rowsAhead >= MaxRowsAhead || _hasTurn)
        {
            await FlushAsync(isLast: false, cancellationToken).ConfigureAwait(false);
        }

        StartBatch(_filled);
    }

    /// <summary>Hands over what is left and lets the next piece pass.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        _filled++;
        await FlushAsync(isLast: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Buckets a batch that was encoded elsewhere, when it is this piece's turn.</summary>
    public async ValueTask AppendAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _bucketWriter.AppendAsync(batch, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Copy(batch);
        }
    }

    /// <summary>
    /// Takes memory for a piece's input, spilling buckets and waiting for the pieces before it if that must be; false if it cannot be had. Give it
    /// back to <see cref="Budget"/>.
    /// </summary>
    public async ValueTask<bool> TryReserveInputAsync(long bytes, CancellationToken cancellationToken)
    {
        if (TryReserveInput(bytes))
        {
            return true;
        }

        // Pieces before this one wait for none behind them, so they end and give their memory back.
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        return TryReserveInput(bytes);
    }

    /// <summary>Takes memory for a piece's input if it is free and as much is left for buckets: nothing is spilled for it. Give it back to <see cref="Budget"/>.</summary>
    public bool TryReserveSpareInput(long bytes)
    {
        if (!Budget.TryReserve(bytes + _bucketBytesToLeave))
        {
            return false;
        }

        Budget.Release(_bucketBytesToLeave);
        return true;
    }

    /// <summary>Waits until it is this piece's turn.</summary>
    public async ValueTask TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (!_hasTurn)
        {
            var begun = Clock?.Begin() ?? default;
            await _gate.WaitAsync(_number).WaitAsync(cancellationToken).ConfigureAwait(false);
            Clock?.End(ClockedStage.TurnWaits, begun);
            _hasTurn = true;
        }
    }

    public void Dispose()
    {
        foreach (var batch in _batches)
        {
            batch.Dispose();
        }
    }

    private bool TryReserveInput(long bytes)
    {
        if (!_bucketWriter.TryReserve(bytes + _bucketBytesToLeave))
        {
            return false;
        }

        Budget.Release(_bucketBytesToLeave);
        return true;
    }

    private void StartBatch(int index)
    {
        Batch = _batches[index];
        Batch.Clear();
        Router = _bucketWriter.Router;
        Batch.IsRouted = Router is not null;
    }

    private async ValueTask FlushAsync(bool isLast, CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        _bucketWriter.Report(_errors);
        _errors.Clear();
        try
        {
            for (int i = 0; i < _filled; i++)
            {
                var begun = Clock?.Begin() ?? default;
                await _bucketWriter.AppendAsync(_batches[i], cancellationToken).ConfigureAwait(false);
                Clock?.End(ClockedStage.Bucket, begun);
            }

            if (isLast)
            {
                // Order is settled by the places: the next piece need not wait until the rows are there.
                _gate.Pass(_number);
            }
        }
        finally
        {
            for (int i = 0; i < _filled; i++)
            {
                Copy(_batches[i]);
            }
        }

        _filled = 0;
    }

    private void Copy(RowBatch batch)
    {
        var begun = Clock?.Begin() ?? default;
        _bucketWriter.Copy(batch);
        Clock?.End(ClockedStage.Bucket, begun, batch.ByteCount);
    }
}
