namespace Sleeper.Ingest.Core.Reading;

/// <summary>Cursors by (key of their present row, ordinal): the top one has the next row. A binary heap in a list.</summary>
internal sealed class CursorHeap
{
    private readonly List<IMergeCursor> _heap = [];

    public int Count => _heap.Count;

    public IMergeCursor Top => _heap[0];

    /// <summary>All of them, the top one first.</summary>
    public IReadOnlyList<IMergeCursor> Cursors => _heap;

    public void Add(IMergeCursor cursor)
    {
        _heap.Add(cursor);
        int child = _heap.Count - 1;
        while (child > 0 && IsBefore(_heap[child], _heap[(child - 1) / 2]))
        {
            Swap(child, (child - 1) / 2);
            child = (child - 1) / 2;
        }
    }

    public void RemoveTop()
    {
        _heap[0] = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        SiftDown();
    }

    /// <summary>Removes those of a kind and gives them.</summary>
    public List<T> RemoveAll<T>()
        where T : IMergeCursor
    {
        List<T> removed = [.. _heap.OfType<T>()];
        IMergeCursor[] left = [.. _heap.Where(cursor => cursor is not T)];
        _heap.Clear();
        foreach (var cursor in left)
        {
            Add(cursor);
        }

        return removed;
    }

    /// <summary>Puts the top cursor, which has moved, where it belongs.</summary>
    public void SiftDown()
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

    private static bool IsBefore(IMergeCursor left, IMergeCursor right)
    {
        int comparison = left.Key.SequenceCompareTo(right.Key);
        return comparison < 0 || (comparison == 0 && left.Ordinal < right.Ordinal);
    }

    private void Swap(int left, int right) => (_heap[left], _heap[right]) = (_heap[right], _heap[left]);
}
