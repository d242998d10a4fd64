using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Memory for one file of a read, out of the budget of the read.</summary>
/// <remarks>A file that is read ahead takes only what is free. One whose turn it is makes those give way first, and fails if that is not enough.</remarks>
/// <param name="context">The read.</param>
/// <param name="budget">For all files of the read.</param>
/// <param name="fileName">For the error.</param>
/// <param name="giveWayAsync">Lets go of what is read ahead; false if there is none.</param>
internal sealed class FileMemory(ReadContext context, MemoryBudget budget, string fileName, Func<ValueTask<bool>> giveWayAsync) : IReadMemory
{
    private long _heldBytes;

    public long ShareBytes => context.FileShareBytes;

    /// <summary>True until it is the file's turn.</summary>
    public bool IsAhead { get; set; }

    /// <summary>True if there is enough for one more file or row group.</summary>
    public bool HasRoomAhead => budget.FreeBytes >= (2 * context.FileShareBytes) + context.StretchBytes;

    /// <summary>For rows of the same file that are read before their turn.</summary>
    public FileMemory ForAhead() => new(context, budget, fileName, giveWayAsync) { IsAhead = true };

    public async ValueTask<bool> TryReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        if (!budget.TryReserve(bytes) && (IsAhead || !await giveWayAsync().ConfigureAwait(false) || !budget.TryReserve(bytes)))
        {
            return false;
        }

        Interlocked.Add(ref _heldBytes, bytes);
        return true;
    }

    public bool TryReserve(long bytes)
    {
        if (!HasRoomAhead || !budget.TryReserve(bytes))
        {
            return false;
        }

        Interlocked.Add(ref _heldBytes, bytes);
        return true;
    }

    public void Release(long bytes)
    {
        Interlocked.Add(ref _heldBytes, -bytes);
        budget.Release(bytes);
    }

    public Exception NotEnough(long neededBytes) =>
        IsAhead
            ? new InsufficientMemoryException($"{neededBytes:N0} bytes of memory are needed.")
            : new ShortMemoryException(new TableReadException(
                context.TableName,
                fileName,
                $"the read needs {neededBytes:N0} bytes of memory for it at once, for its footer, rows, a page and the dictionary of each column that is read, but of the budget of "
                + $"{budget.LimitBytes:N0} bytes only {budget.FreeBytes + Volatile.Read(ref _heldBytes):N0} are left for it. Raise {nameof(TableQuery.WithMemoryBudget)}, "
                + "or choose fewer fields."));
}
