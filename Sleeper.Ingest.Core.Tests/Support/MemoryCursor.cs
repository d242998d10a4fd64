using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Goes through sorted entries in memory, all in one stretch.</summary>
/// <param name="entries">In key order.</param>
/// <param name="count">How many.</param>
/// <param name="owned">Disposed with the cursor: the memory of entries and rows. Null if it belongs to somebody else.</param>
internal sealed unsafe class MemoryCursor(RowEntry* entries, int count, IDisposable? owned = null) : IRowCursor
{
    private bool _isAtEnd = count == 0;

    public bool MoveNext(out RowEntry* stretch, out int stretchCount)
    {
        stretch = entries;
        stretchCount = _isAtEnd ? 0 : count;
        _isAtEnd = true;
        return stretchCount > 0;
    }

    public void Dispose() => owned?.Dispose();
}
