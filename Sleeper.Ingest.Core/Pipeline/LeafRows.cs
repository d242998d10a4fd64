using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The next so many of sorted rows: those of one leaf. The rows stay the caller's.</summary>
internal sealed unsafe class LeafRows(SortedRows rows, long count) : IRowCursor
{
    private long _left = count;

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        entries = null;
        count = _left == 0 ? 0 : (int)Math.Min(_left, rows.Peek(out entries));
        rows.Advance(count);
        _left -= count;
        return count > 0;
    }

    public void Dispose()
    {
        // Nothing is owned.
    }
}
