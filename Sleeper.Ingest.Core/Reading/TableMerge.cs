using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Merges the rows of many file references into key order, with as few files open as the order allows.</summary>
/// <remarks>
/// <para>Two heaps. One holds open cursors by (key of their present row, ordinal): its top is the next row. The other holds what is not begun yet
/// by a lower bound of its keys: first the lower end of its partition's region, then, its footer read, the smallest key of its first row group. A
/// cursor is begun when its bound is not above the top row's key, so no row can be missed.</para>
/// <para>Where not all files fit the budget that have to be open at once, files that have not begun are closed first; then the rows of those that have
/// begun are merged to disk (<see cref="ReadSpill"/>), and their place is taken by that run.</para>
/// <para>Where leaves are ranges of the key, this opens the files of one leaf (and of the partitions above it) after the other; where leaves overlap in
/// the first row key, the files of all leaves that do. Equal keys come by ordinal, then in file order. One caller at a time.</para>
/// </remarks>
internal sealed class TableMerge : IAsyncDisposable
{
    private readonly ReadAhead _ahead;
    private readonly ReadSpill _spill;
    private readonly CancellationToken _cancellationToken;
    private readonly PriorityQueue<PendingCursor, PendingCursor> _pending;
    private readonly CursorHeap _heap = new();

    public TableMerge(ReadContext context, MemoryBudget budget, IReadOnlyList<PlannedReference> planned, CancellationToken cancellationToken)
    {
        _ahead = new ReadAhead(context, budget, planned, cancellationToken);
        _spill = new ReadSpill(context, budget, _ahead.OpenAsync);
        _cancellationToken = cancellationToken;
        _pending = new PriorityQueue<PendingCursor, PendingCursor>(Comparer<PendingCursor>.Create(static (left, right) => left.CompareTo(right)));
        foreach (var reference in planned)
        {
            Add(new PendingCursor(reference, null, reference.Lower, FilePosition.Start));
        }
    }

    /// <summary>Moves to the first row; false if there is none.</summary>
    public async ValueTask<bool> StartAsync()
    {
        await BeginDueCursorsAsync().ConfigureAwait(false);
        return _heap.Count > 0;
    }

    /// <summary>The present row's normalised key.</summary>
    public ReadOnlySpan<byte> Key => _heap.Top.Key;

    /// <summary>The present row.</summary>
    public Row MakeRow() => _heap.Top.MakeRow();

    /// <summary>Moves to the next row; false at the end.</summary>
    public ValueTask<bool> MoveNextAsync()
    {
        if (!_heap.Top.TryMoveNext())
        {
            return MoveToNextStretchAsync();
        }

        _heap.SiftDown();
        return IsAnyDue() ? BeginDueCursorsAndTellAsync() : ValueTask.FromResult(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _ahead.DisposeAsync().ConfigureAwait(false);
        foreach (var cursor in _heap.RemoveAll<IMergeCursor>())
        {
            await cursor.DisposeAsync().ConfigureAwait(false);
        }

        while (_pending.TryDequeue(out var pending, out _))
        {
            if (pending.Cursor is not null)
            {
                await pending.Cursor.DisposeAsync().ConfigureAwait(false);
            }
        }

        _spill.Dispose();
    }

    private async ValueTask<bool> MoveToNextStretchAsync()
    {
        var top = _heap.Top;
        bool hasRow = false;
        try
        {
            hasRow = await top.MoveToNextStretchAsync(_cancellationToken).ConfigureAwait(false);
        }
        catch (ShortMemoryException fault)
        {
            var file = (DataFileCursor)top;
            Add(new PendingCursor(file.Planned, null, file.Planned.Lower, file.Position));
            _heap.RemoveTop();
            await file.DisposeAsync().ConfigureAwait(false);
            await LetGoAsync(fault).ConfigureAwait(false);
            return await BeginDueCursorsAndTellAsync().ConfigureAwait(false);
        }

        if (hasRow)
        {
            _heap.SiftDown();
        }
        else
        {
            _heap.RemoveTop();
            await top.DisposeAsync().ConfigureAwait(false);
        }

        return await BeginDueCursorsAndTellAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> BeginDueCursorsAndTellAsync()
    {
        await BeginDueCursorsAsync().ConfigureAwait(false);
        return _heap.Count > 0;
    }

    private async ValueTask BeginDueCursorsAsync()
    {
        while (IsAnyDue())
        {
            var pending = _pending.Dequeue();
            var cursor = pending.Cursor;
            try
            {
                if (cursor is null)
                {
                    cursor = pending.IsNew ? await _ahead.TakeAsync(pending.Planned).ConfigureAwait(false) : await _ahead.OpenAsync(pending.Planned, pending.Position).ConfigureAwait(false);
                    Add(pending with { Cursor = cursor, IsNew = false, LowerBound = cursor.HasRow ? cursor.Key.ToArray() : pending.IsNew ? cursor.FindLowerBound() : pending.LowerBound });
                    continue;
                }

                if (cursor.HasRow || await cursor.MoveToNextStretchAsync(_cancellationToken).ConfigureAwait(false))
                {
                    _heap.Add(cursor);
                    cursor = null;
                }
            }
            catch (ShortMemoryException fault)
            {
                Add(pending with { Cursor = null, Position = cursor?.Position ?? pending.Position });
                await DisposeAsync(cursor).ConfigureAwait(false);
                cursor = null;
                await LetGoAsync(fault).ConfigureAwait(false);
            }
            finally
            {
                if (pending.Cursor is not null)
                {
                    await DisposeAsync(cursor).ConfigureAwait(false);
                }
            }
        }
    }

    private static ValueTask DisposeAsync(DataFileCursor? cursor) => cursor?.DisposeAsync() ?? default;

    /// <summary>
    /// Makes memory free for a file whose turn it is: closes those that have not begun, whose bounds it keeps; if that is none, writes the rows of those that
    /// have begun to disk.
    /// </summary>
    /// <exception cref="TableReadException">There is nothing to let go of.</exception>
    private async ValueTask LetGoAsync(ShortMemoryException fault)
    {
        if (await CloseWaitingAsync().ConfigureAwait(false))
        {
            return;
        }

        var files = _heap.RemoveAll<DataFileCursor>();
        if (files.Count == 0)
        {
            throw fault.Error;
        }

        foreach (var run in await _spill.SpillAsync(files, _cancellationToken).ConfigureAwait(false))
        {
            _heap.Add(run);
        }

        if (_heap.Count > _spill.MaxRuns)
        {
            SpilledRunCursor[] shortest = [.. _heap.RemoveAll<SpilledRunCursor>().OrderBy(run => run.RowCount)];
            int merged = (shortest.Length / 2) + 1;
            foreach (var run in shortest.Skip(merged))
            {
                _heap.Add(run);
            }

            _heap.Add(await _spill.MergeAsync([.. shortest.Take(merged)], _cancellationToken).ConfigureAwait(false));
        }
    }

    private async ValueTask<bool> CloseWaitingAsync()
    {
        PendingCursor[] all = [.. _pending.UnorderedItems.Select(item => item.Element)];
        if (!all.Any(pending => pending.Cursor is not null))
        {
            return false;
        }

        _pending.Clear();
        foreach (var pending in all)
        {
            Add(pending with { Cursor = null });
            await DisposeAsync(pending.Cursor).ConfigureAwait(false);
        }

        return true;
    }

    private bool IsAnyDue() =>
        _pending.Count > 0 && (_heap.Count == 0 || _pending.Peek().LowerBound.AsSpan().SequenceCompareTo(_heap.Top.Key) <= 0);

    private void Add(PendingCursor pending) => _pending.Enqueue(pending, pending);

    /// <summary>A reference whose rows have not begun, or go on later; with its cursor while its footer is held.</summary>
    private sealed record PendingCursor(PlannedReference Planned, DataFileCursor? Cursor, byte[] LowerBound, FilePosition Position)
    {
        /// <summary>True until its footer was read for the first time.</summary>
        public bool IsNew { get; init; } = Position == FilePosition.Start;

        public int CompareTo(PendingCursor other)
        {
            int comparison = LowerBound.AsSpan().SequenceCompareTo(other.LowerBound);
            return comparison != 0 ? comparison : Planned.Ordinal.CompareTo(other.Planned.Ordinal);
        }
    }
}
