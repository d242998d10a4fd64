using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Rows written one at a time: encoded at once on the caller's thread, handed to the workers a batch at a time.</summary>
/// <remarks>One caller at a time. The batch is made before the first row: afterwards buckets may have taken its memory.</remarks>
internal sealed class SingleRows(
    IngestPipeline pipeline, Schema schema, KeyOrder order, Action<RowError>? onRowError, ProgressMeter meter) : IDisposable
{
    private readonly RowEncoder _encoder = new(schema, order, pipeline.Limits);
    private RowBatch? _batch = new(pipeline.Budget, pipeline.Plan.BatchBytes, fullRows: 4096, pipeline.TryReserve) { MaxRowBytes = pipeline.Limits.MaxRowBytes };

    public long RejectedRowCount { get; private set; }

    /// <summary>Encodes a row. False if the batch is full now and must be flushed before the next one.</summary>
    /// <exception cref="RowRejectedException">The row is bad and there is nobody to hand it to.</exception>
    public unsafe bool TryWrite(Row row, long rowNumber)
    {
        var batch = _batch!;
        if (batch.RowCount == 0)
        {
            batch.Clear();
        }

        if ((_encoder.Encode(row, batch) ?? FindRefusal(batch)) is { } fault)
        {
            batch.DiscardRow();
            Reject(new RowError(rowNumber, fault.FieldName, fault.Reason, null, fault.Value));
            return true;
        }

        batch.EndRow(leaf: 0);
        return !batch.IsFull;
    }

    /// <summary>Hands the rows over, so that later rows come after them, and waits until they are in their buckets.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_batch is { RowCount: > 0 } batch)
        {
            await pipeline.AddAsync(new EncodedWork(batch), cancellationToken).ConfigureAwait(false);
            await pipeline.DrainAsync(cancellationToken).ConfigureAwait(false);
            meter.Accepted(batch.RowCount);
            batch.Clear();
        }
    }

    public void Dispose()
    {
        _batch?.Dispose();
        _batch = null;
    }

    /// <summary>Asked before the row is ended: later, when it is bucketed, nobody knows its number.</summary>
    private unsafe RowFault? FindRefusal(RowBatch batch) =>
        pipeline.Router is { CanRefuse: true } router && router.Route(batch.CurrentKey, batch.CurrentKeyBytes) < 0
            ? router.ExplainRefusal(batch.CurrentKey, batch.CurrentKeyBytes)
            : null;

    private void Reject(RowError error)
    {
        if (onRowError is null)
        {
            throw new RowRejectedException(error);
        }

        RejectedRowCount++;
        onRowError(error);
    }
}
