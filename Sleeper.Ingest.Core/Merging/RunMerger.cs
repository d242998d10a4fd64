using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Merging;

/// <summary>Merges sorted cursors into one; rows with equal keys come in the order of the cursors.</summary>
/// <remarks>
/// Hands out stretches of up to 4,096 entries in its own array. A stretch ends before any cursor must move on, because that may overwrite
/// rows of the stretch; only the one cursor that has run out is moved at the next call. The last cursor that has rows left hands out its
/// own stretches. Owns the cursors and its memory. One caller at a time; after an error only disposal is allowed.
/// </remarks>
internal sealed unsafe class RunMerger : IRowCursor
{
    private const int StretchRowCount = 4096;

    private readonly IRowCursor[] _cursors;
    private readonly LoserTree? _tree;
    private readonly NativeBuffer? _stretch;
    private int _liveCount;
    private bool _isStarted;
    private bool _winnerIsEmpty;

    /// <summary>Merges cursors in the order of arrival of their rows; <see cref="MemoryBytes"/> must be free in the budget. Disposes the cursors, also if this fails.</summary>
    public RunMerger(IReadOnlyList<IRowCursor> cursors, MemoryBudget memory)
    {
        _cursors = [.. cursors];
        _liveCount = _cursors.Length;
        if (_cursors.Length < 2)
        {
            return;
        }

        try
        {
            _tree = new LoserTree(_cursors.Length, memory);
            memory.Reserve(StretchRowCount * sizeof(RowEntry));
            _stretch = new NativeBuffer(StretchRowCount * sizeof(RowEntry), memory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The memory that a merger takes besides that of its cursors.</summary>
    public static long MemoryBytes(int cursorCount) => cursorCount < 2 ? 0 : LoserTree.MemoryBytes(cursorCount) + (StretchRowCount * sizeof(RowEntry));

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        if (_tree is null)
        {
            entries = null;
            count = 0;
            return _cursors.Length == 1 && _cursors[0].MoveNext(out entries, out count);
        }

        if (!_isStarted)
        {
            Start(_tree);
        }
        else if (_winnerIsEmpty && _liveCount > 0)
        {
            Refill(_tree, _tree.Winner);
            _tree.Replay();
        }

        return _liveCount > 1 ? TakeStretch(_tree, out entries, out count) : TakeRest(_tree, out entries, out count);
    }

    public void Dispose()
    {
        foreach (IRowCursor cursor in _cursors)
        {
            cursor.Dispose();
        }

        _tree?.Dispose();
        _stretch?.Dispose();
    }

    private bool TakeStretch(LoserTree tree, out RowEntry* entries, out int count)
    {
        entries = (RowEntry*)_stretch!.Pointer;
        count = tree.Take(entries, StretchRowCount, out _winnerIsEmpty);
        return true;
    }

    private bool TakeRest(LoserTree tree, out RowEntry* entries, out int count)
    {
        entries = null;
        count = 0;
        if (_liveCount == 0)
        {
            return false;
        }

        int last = tree.Winner;
        entries = tree.Rest(last, out count);
        tree.SetSource(last, entries + count, 0);
        _winnerIsEmpty = true;
        return true;
    }

    private void Start(LoserTree tree)
    {
        for (int i = 0; i < _cursors.Length; i++)
        {
            Refill(tree, i);
        }

        tree.Build();
        _isStarted = true;
    }

    private void Refill(LoserTree tree, int source)
    {
        if (!_cursors[source].MoveNext(out RowEntry* entries, out int count))
        {
            count = 0;
            _liveCount--;
        }

        tree.SetSource(source, entries, count);
    }
}
