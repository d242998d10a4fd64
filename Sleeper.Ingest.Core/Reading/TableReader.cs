using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Transforming;

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
    public IAsyncEnumerable<Row> ReadAsync(TableState state, KeyFilter filter, MemoryBudget? budget, CancellationToken cancellationToken) =>
        context.Iterators is { } iterators
            ? ReadTransformedAsync(iterators, state, filter, budget, cancellationToken)
            : ReadStoredAsync(state, filter, budget, cancellationToken);

    private async IAsyncEnumerable<Row> ReadStoredAsync(
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

    /// <summary>The same, with what the table asks to be done with its rows: those of several ingests are joined too, and those that have aged since are dropped.</summary>
    private async IAsyncEnumerable<Row> ReadTransformedAsync(
        TableIterators iterators, TableState state, KeyFilter filter, MemoryBudget? budget, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        budget ??= new MemoryBudget(context.MemoryBudgetBytes);
        var given = context.Projection.Schema;
        var read = FieldProjection.Of(context.Schema, [.. context.Schema.AllFields.Select(f => f.Name).Where(n => IsNeeded(iterators, n))]);
        var planned = ReadPlan.Make(state, context.Schema, context.Order, filter);
        var readContext = context.ShareOut(ReadPlan.CountOverlapping(planned)) with { Projection = read };
        var joiner = new RowJoiner(iterators, context.Schema, read.Schema, given, context.NowMillis);
        var merge = new TableMerge(readContext, budget, planned, cancellationToken);
        await using (merge.ConfigureAwait(false))
        {
            bool isThere = await merge.StartAsync().ConfigureAwait(false);
            while (isThere)
            {
                if (joiner.Add(merge.MakeRow(), merge.Key) is { } row)
                {
                    yield return row;
                }

                cancellationToken.ThrowIfCancellationRequested();
                isThere = await merge.MoveNextAsync().ConfigureAwait(false);
            }
        }

        if (joiner.End() is { } last)
        {
            yield return last;
        }
    }

    /// <summary>All keys, what is given, and the times by which rows are dropped.</summary>
    private bool IsNeeded(TableIterators iterators, string field)
    {
        int index = context.Schema.IndexOf(field);
        return index < context.Schema.KeyFieldCount || context.Projection.Schema.IndexOf(field) >= 0
            || iterators.Filter?.FieldIndex == index || iterators.Iterator?.FieldIndex == index;
    }
}
