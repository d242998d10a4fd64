using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Merges the rows of many file references into key order, with as few files open as the order allows.</summary>
/// <remarks>
/// <para>Two heaps. One holds open cursors by (key of their present row, ordinal): its top is the next row. The other holds what is not begun yet
/// by a lower bound of its keys: first the lower end of its partition's region, then, its footer read, the smallest key of its first row group. A
/// cursor is begun when its bound is not above the top row's key, so no row can be missed.</para>
/// <para>Where leaves are ranges of the key, this opens the files of one leaf (and of the partitions above it) after the other; where leaves overlap in
/// the first row key, the files of all leaves that do. Equal keys come by ordinal, then in file order. One caller at a time.</para>
/// </remarks>
internal sealed class TableMerge : IAsyncDisposable
{
    private readonly ReadAhead _ahead;
    private readonly CancellationToken _cancellationToken;
    private readonly PriorityQueue<PendingCursor, PendingCursor> _pending;
    private readonly List<DataFileCursor> _heap = [];

    public TableMerge(ReadContext context, MemoryBudget budget, IReadOnlyList<PlannedReference> planned, CancellationToken cancellationToken)
    {
        _ahead = new ReadAhead(context, budget, planned, cancellationToken);
        _cancellationToken = cancellationToken;
        _pending = new PriorityQueue<PendingCursor, PendingCursor>(Comparer<PendingCursor>.Create(static (left, right) => left.CompareTo(right)));
        foreach (var reference in planned)
        {
            Add(new PendingCursor(reference, null, reference.Lower));
        }
    }

    /// <summary>Moves to the first row; false if there is none.</summary>
    public async ValueTask<bool> StartAsync()
    {
        await BeginDueCursorsAsync().ConfigureAwait(false);
        return _heap.Count > 0;
    }

    /// <summary>The present row's normalised key.</summary>
    public ReadOnlySpan<byte> Key => _heap[0].Key;

    /// <summary>The present row.</summary>
    public Row MakeRow() => _heap[0].MakeRow();

    /// <summary>Moves to the next row; false at the end.</summary>
    public ValueTask<bool> MoveNextAsync()
    {
        if (!_heap[0].TryMoveNext())
        {
            return MoveToNextStretchAsync();
        }

        SiftDown();
        return IsAnyDue() ? BeginDueCursorsAndTellAsync() : ValueTask.FromResult(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _ahead.DisposeAsync().ConfigureAwait(false);
        foreach (var cursor in _heap)
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

        _heap.Clear();
    }

    private async ValueTask<bool> MoveToNextStretchAsync()
    {
        var top = _heap[0];
        if (!await top.MoveToNextStretchAsync(_cancellationToken).ConfigureAwait(false))
        {
            _heap[0] = _heap[^1];
            _heap.RemoveAt(_heap.Count - 1);
            await top.DisposeAsync().ConfigureAwait(false);
        }

        SiftDown();
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
            if (pending.Cursor is null)
            {
                var opened = await _ahead.TakeAsync(pending.Planned).ConfigureAwait(false);
                Add(new PendingCursor(pending.Planned, opened, opened.HasRow ? opened.Key.ToArray() : opened.FindLowerBound()));
                continue;
            }

            bool isBegun = false;
            try
            {
                isBegun = pending.Cursor.HasRow || await pending.Cursor.MoveToNextStretchAsync(_cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (!isBegun)
                {
                    await pending.Cursor.DisposeAsync().ConfigureAwait(false);
                }
            }

            if (isBegun)
            {
                _heap.Add(pending.Cursor);
                SiftUp();
            }
        }
    }

    private bool IsAnyDue() =>
        _pending.Count > 0 && (_heap.Count == 0 || _pending.Peek().LowerBound.AsSpan().SequenceCompareTo(_heap[0].Key) <= 0);

    private void Add(PendingCursor pending) => _pending.Enqueue(pending, pending);

    private void SiftUp()
    {
        int child = _heap.Count - 1;
        while (child > 0 && IsBefore(_heap[child], _heap[(child - 1) / 2]))
        {
            Swap(child, (child - 1) / 2);
            child = (child - 1) / 2;
        }
    }

    private void SiftDown()
    {
        int parent = 0;
        while (true)
        {
            int least = parent;
            for (int child = (2 * parent) + 1; child <= (2 * parent) + 2 && child < _heap.Count; child++)
            {
                if (IsBefore(_heap[child], _heap[least]))
                {
                    least = child;
                }
            }

            if (least == parent)
            {
                return;
            }

            Swap(parent, least);
            parent = least;
        }
    }

    private void Swap(int left, int right) => (_heap[left], _heap[right]) = (_heap[right], _heap[left]);

    private static bool IsBefore(DataFileCursor left, DataFileCursor right)
    {
        int comparison = left.Key.SequenceCompareTo(right.Key);
        return comparison < 0 || (comparison == 0 && left.Ordinal < right.Ordinal);
    }

    /// <summary>A reference whose rows have not begun; with its cursor once its footer is read.</summary>
    private sealed record PendingCursor(PlannedReference Planned, DataFileCursor? Cursor, byte[] LowerBound)
    {
        public int CompareTo(PendingCursor other)
        {
            int comparison = LowerBound.AsSpan().SequenceCompareTo(other.LowerBound);
            return comparison != 0 ? comparison : Planned.Ordinal.CompareTo(other.Planned.Ordinal);
        }
    }
}
