using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Some rows of a caller's enumeration, to be encoded on a worker.</summary>
/// <typeparam name="T">The type of the rows.</typeparam>
/// <param name="rows">The rows, then free places.</param>
/// <param name="count">How many there are.</param>
/// <param name="encode">For one piece at a time.</param>
/// <param name="done">Where array and encoder go when the rows are encoded.</param>
internal sealed class RowWork<T>(
    T[] rows, int count, Func<T, RowBatch, RowFault?> encode, ConcurrentQueue<(T[] Rows, Func<T, RowBatch, RowFault?> Encode)> done) : IngestWork
{
    public override async ValueTask EncodeAsync(EncodeContext context, CancellationToken cancellationToken)
    {
        try
        {
            int next = 0;
            while ((next = EncodeClocked(context, next)) < count)
            {
                await context.AdvanceAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Array.Clear(rows, 0, count);
            done.Enqueue((rows, encode));
        }
    }

    private int EncodeClocked(EncodeContext context, int next)
    {
        if (context.Clock is not { } clock)
        {
            return EncodeSome(context, next);
        }

        var begun = clock.Begin();
        int before = context.Batch.ByteCount;
        next = EncodeSome(context, next);
        clock.End(ClockedStage.Encode, begun, context.Batch.ByteCount - before);
        return next;
    }

    /// <summary>Encodes until the batch is full or the rows end; returns the position of the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int EncodeSome(EncodeContext context, int next)
    {
        var batch = context.Batch;
        while (next < count && !batch.IsFull)
        {
            T row = rows[next];
            var fault = row is null ? new RowFault(null, "the row is null") : encode(row, batch);
            if ((fault ?? context.EndRow()) is { } reason)
            {
                context.Reject(new RowError(FirstRowNumber + next, reason.FieldName, reason.Reason, null, reason.Value));
            }

            next++;
        }

        return next;
    }
}

/// <summary>A batch that was encoded on the caller's thread, row by row. It stays the caller's.</summary>
internal sealed class EncodedWork(RowBatch batch) : IngestWork
{
    public override ValueTask EncodeAsync(EncodeContext context, CancellationToken cancellationToken) => context.AppendAsync(batch, cancellationToken);
}
