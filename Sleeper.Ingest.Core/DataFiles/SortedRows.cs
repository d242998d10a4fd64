using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>Rows in file order, a stretch at a time, with a position in the stretch: what files are filled from.</summary>
/// <remarks>One caller at a time. Owns the cursor unless told otherwise.</remarks>
internal sealed unsafe class SortedRows(IRowCursor cursor, bool ownsCursor = true) : IDisposable
{
    private RowEntry* _entries;
    private int _count;

    /// <summary>The next entries, at least one; 0 at the end. They stay valid until the next call.</summary>
    public int Peek(out RowEntry* entries)
    {
        if (_count == 0 && !cursor.MoveNext(out _entries, out _count))
        {
            _count = 0;
        }

        entries = _entries;
        return _count;
    }

    /// <summary>Passes over entries that were peeked at.</summary>
    public void Advance(int count)
    {
        _entries += count;
        _count -= count;
    }

    public void Dispose()
    {
        if (ownsCursor)
        {
            cursor.Dispose();
        }
    }
}
