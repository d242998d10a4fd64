using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Memory of the ingest's budget for one row group that a worker reads.</summary>
/// <param name="context">The worker's.</param>
/// <param name="what">What the row group is called in an error.</param>
internal sealed class InputMemory(EncodeContext context, string what) : IReadMemory
{
    private long _heldBytes;

    public long ShareBytes => context.InputShareBytes;

    public bool KeepsSpares => true;

    public async ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        if (_heldBytes + bytes > context.InputLimitBytes)
        {
            // Pieces that wait for their turn give nothing back: together they must leave enough for the one that has it.
            await context.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!await context.TryReserveInputAsync(bytes, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        Interlocked.Add(ref _heldBytes, bytes);
        return true;
    }

    public bool TryReserve(long bytes)
    {
        if (Volatile.Read(ref _heldBytes) + bytes > context.InputLimitBytes || !context.TryReserveSpareInput(bytes))
        {
            return false;
        }

        Interlocked.Add(ref _heldBytes, bytes);
        return true;
    }

    public void Release(long bytes)
    {
        Interlocked.Add(ref _heldBytes, -bytes);
        context.Budget.Release(bytes);
    }

    public Exception NotEnough(long neededBytes) =>
        new IngestException(
            $"{what} needs {neededBytes:N0} bytes of memory at once, for a page and the dictionary of each column that is read, but of the budget of "
            + $"{context.Budget.LimitBytes:N0} bytes only {context.Budget.FreeBytes + _heldBytes:N0} are left for it. Raise WithMemoryBudget, lower "
            + "WithDegreeOfParallelism, or write the file with smaller pages.");
}
