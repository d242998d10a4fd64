using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Gives the rows of a table at one state of it, in key order: row keys, then sort keys; equal keys in the order of their commits.</summary>
/// <remarks>
/// The way of a row out: <see cref="ReadPlan"/> (state → references), <see cref="DataFileCursor"/> (one reference → rows in order, by way of
/// <see cref="OpenDataFile"/>, <see cref="FieldColumn"/> and <see cref="KeyStretch"/>), <see cref="TableMerge"/> (many cursors → one order, with <see cref="ReadAhead"/> in front of it).
/// Thread-safe; each read stands alone.
/// </remarks>
internal sealed class TableReader(ReadContext context)
{
    public IAsyncEnumerable<Row> ReadAsync(TableState state, KeyFilter filter, CancellationToken cancellationToken = default) =>
        ReadAsync(state, filter, null, cancellationToken);

    /// <summary>Reads with a given budget instead of one of its own.</summary>
    public async IAsyncEnumerable<Row> ReadAsync(
        TableState state, KeyFilter filter, MemoryBudget? budget, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        budget ??= new MemoryBudget(context.MemoryBudgetBytes);
        var planned = ReadPlan.Make(state, context.Schema, context.Order, filter);
        var merge = new TableMerge(context.ShareOut(ReadPlan.CountOverlapping(planned)), budget, planned, cancellationToken);
        await using (merge.ConfigureAwait(false))
        {
            bool isThere = await merge.StartAsync().ConfigureAwait(false);
            while (isThere)
            {
                yield return merge.MakeRow();
                cancellationToken.ThrowIfCancellationRequested();
                isThere = await merge.MoveNextAsync().ConfigureAwait(false);
            }
        }
    }
}
