using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Merges files of a read into runs on disk when not all of them can be open within the budget: a merge in passes.</summary>
/// <remarks>
/// <para>A run holds the rows of some files from where each of them stood, in the order of the read, so it takes their place in the merge, with one block in
/// memory. Where even these files together get too little memory, half of them are closed where they stand; the run goes on with the others, and those that
/// were closed make another run. One file alone must fit: that is the error.</para>
/// <para>Nothing is made on disk before it is needed. One caller at a time. Disposal removes everything, when no run is read.</para>
/// </remarks>
/// <param name="context">The read.</param>
/// <param name="budget">Of the read.</param>
/// <param name="reopenAsync">Opens a file where it stood.</param>
internal sealed class ReadSpill(ReadContext context, MemoryBudget budget, Func<PlannedReference, FilePosition, ValueTask<DataFileCursor>> reopenAsync) : IDisposable
{
    private readonly SpillDirectory _directory = new(context.SpillFolder ?? SpillDirectory.DefaultRoot, SystemRandom.Next, new DiskBudget(long.MaxValue), context.SpillFiles);
    private readonly SpillSizes _sizes = SpillSizes.For(budget.LimitBytes);

    /// <summary>Most runs that are open at once.</summary>
    public int MaxRuns => _sizes.MaxRuns;

    /// <summary>Writes the rows of some files, from their present ones on, to disk and gives cursors at the first row of each run. The files are closed.</summary>
    /// <exception cref="TableReadException">One file alone does not fit the budget, or is damaged.</exception>
    /// <exception cref="IngestException">The disk is full or failed.</exception>
    public async Task<List<SpilledRunCursor>> SpillAsync(IReadOnlyList<DataFileCursor> files, CancellationToken cancellationToken)
    {
        var runs = new List<SpilledRun>();
        var open = new Stack<DataFileCursor>(files);
        var closed = new Queue<(PlannedReference Planned, FilePosition Position)>();
        try
        {
            while (open.Count > 0)
            {
                int width = open.Count;
                await TakeWriterMemoryAsync(open, closed).ConfigureAwait(false);
                var (run, isShort) = await WriteRunAsync(open, closed, cancellationToken).ConfigureAwait(false);
                runs.Add(run);
                await ReopenAsync(open, closed, isShort ? Math.Max(1, width / 2) : width, cancellationToken).ConfigureAwait(false);
            }

            return await OpenAsync(runs, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            runs.ForEach(run => run.Dispose());
            throw;
        }
        finally
        {
            while (open.TryPop(out var file))
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes one run of several. Their cursors are at a row, and are gone after that.</summary>
    /// <exception cref="IngestException">The disk is full or failed.</exception>
    public async Task<SpilledRunCursor> MergeAsync(IReadOnlyList<SpilledRunCursor> runs, CancellationToken cancellationToken)
    {
        var heap = new CursorHeap();
        foreach (var run in runs)
        {
            heap.Add(run);
        }

        try
        {
            if (!budget.TryReserve(SpilledRunWriter.MemoryBytes(_sizes)))
            {
                throw NotEnoughForWriting();
            }

            var merged = await WriteAsync(heap, cancellationToken).ConfigureAwait(false);
            return (await OpenAsync([merged], cancellationToken).ConfigureAwait(false))[0];
        }
        finally
        {
            foreach (var run in runs)
            {
                await run.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => _directory.Dispose();

    private static async ValueTask AdvanceAsync(CursorHeap heap, CancellationToken cancellationToken)
    {
        var top = heap.Top;
        if (top.TryMoveNext() || await top.MoveToNextStretchAsync(cancellationToken).ConfigureAwait(false))
        {
            heap.SiftDown();
            return;
        }

        heap.RemoveTop();
        await top.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask CloseAsync(DataFileCursor file, Queue<(PlannedReference Planned, FilePosition Position)> closed)
    {
        closed.Enqueue((file.Planned, file.Position));
        await file.DisposeAsync().ConfigureAwait(false);
    }

    private SpilledRunWriter MakeWriter() => new(_directory.CreateFile(), _sizes);

    /// <summary>Merges runs to their end; the writer's memory is reserved.</summary>
    private async ValueTask<SpilledRun> WriteAsync(CursorHeap heap, CancellationToken cancellationToken)
    {
        try
        {
            using var writer = MakeWriter();
            while (heap.Count > 0)
            {
                writer.Append(heap.Top);
                await AdvanceAsync(heap, cancellationToken).ConfigureAwait(false);
            }

            return writer.Finish();
        }
        finally
        {
            budget.Release(SpilledRunWriter.MemoryBytes(_sizes));
        }
    }

    /// <summary>Closes files until a run can be written; one stays.</summary>
    private async ValueTask TakeWriterMemoryAsync(Stack<DataFileCursor> open, Queue<(PlannedReference Planned, FilePosition Position)> closed)
    {
        while (!budget.TryReserve(SpilledRunWriter.MemoryBytes(_sizes)))
        {
            if (open.Count == 1)
            {
                throw NotEnoughForWriting();
            }

            await CloseAsync(open.Pop(), closed).ConfigureAwait(false);
        }
    }

    /// <summary>Merges the open files to their end, but for those that are closed because memory is short.</summary>
    private async ValueTask<(SpilledRun Run, bool IsShort)> WriteRunAsync(
        Stack<DataFileCursor> open, Queue<(PlannedReference Planned, FilePosition Position)> closed, CancellationToken cancellationToken)
    {
        var heap = new CursorHeap();
        bool isShort = closed.Count > 0;
        try
        {
            while (open.TryPop(out var file))
            {
                heap.Add(file);
            }

            using var writer = MakeWriter();
            while (heap.Count > 0)
            {
                writer.Append(heap.Top);
                try
                {
                    await AdvanceAsync(heap, cancellationToken).ConfigureAwait(false);
                }
                catch (ShortMemoryException fault)
                {
                    if (heap.Count == 1)
                    {
                        throw fault.Error;
                    }

                    isShort = true;
                    await CloseHalfAsync(heap, closed).ConfigureAwait(false);
                }
            }

            return (writer.Finish(), isShort);
        }
        finally
        {
            budget.Release(SpilledRunWriter.MemoryBytes(_sizes));
            foreach (var cursor in heap.Cursors)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Closes the top file, which cannot go on, and half of the others.</summary>
    private static async ValueTask CloseHalfAsync(CursorHeap heap, Queue<(PlannedReference Planned, FilePosition Position)> closed)
    {
        var top = (DataFileCursor)heap.Top;
        DataFileCursor[] others = [.. heap.RemoveAll<DataFileCursor>().Where(file => file != top)];
        await CloseAsync(top, closed).ConfigureAwait(false);
        for (int i = 0; i < others.Length; i++)
        {
            if (i < (others.Length + 1) / 2)
            {
                heap.Add(others[i]);
            }
            else
            {
                await CloseAsync(others[i], closed).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Opens files that were closed, up to a number of them and as far as memory goes; at least one if there are any.</summary>
    private async ValueTask ReopenAsync(
        Stack<DataFileCursor> open, Queue<(PlannedReference Planned, FilePosition Position)> closed, int most, CancellationToken cancellationToken)
    {
        while (open.Count < most && closed.TryPeek(out var next))
        {
            DataFileCursor? file = null;
            bool hasRow = false;
            try
            {
                file = await reopenAsync(next.Planned, next.Position).ConfigureAwait(false);
                hasRow = await file.MoveToNextStretchAsync(cancellationToken).ConfigureAwait(false);
                closed.Dequeue();
            }
            catch (ShortMemoryException fault)
            {
                if (open.Count == 0)
                {
                    throw fault.Error;
                }

                return;
            }
            finally
            {
                if (hasRow)
                {
                    open.Push(file!);
                }
                else if (file is not null)
                {
                    await file.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    private async ValueTask<List<SpilledRunCursor>> OpenAsync(List<SpilledRun> runs, CancellationToken cancellationToken)
    {
        var cursors = new List<SpilledRunCursor>();
        bool isOpen = false;
        try
        {
            foreach (var run in runs)
            {
                if (!budget.TryReserve(run.MemoryBytes))
                {
                    throw NotEnoughForWriting();
                }

                var cursor = new SpilledRunCursor(run, context.Projection.Schema, budget);
                cursors.Add(cursor);
                await cursor.MoveToNextStretchAsync(cancellationToken).ConfigureAwait(false);
            }

            isOpen = true;
            return cursors;
        }
        finally
        {
            foreach (var cursor in isOpen ? [] : cursors)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private IngestException NotEnoughForWriting() =>
        new(
            $"The read of table '{context.TableName}' has more files open at once than its memory budget of {budget.LimitBytes:N0} bytes holds, so it merges them by way of files in "
            + $"'{_directory.Path}', for which it needs {SpilledRunWriter.MemoryBytes(_sizes) + (2 * _sizes.MaxRuns * (long)_sizes.BlockBytes):N0} bytes; {budget.FreeBytes:N0} are free. "
            + $"Raise {nameof(TableQuery.WithMemoryBudget)}, or choose fewer fields.");
}
