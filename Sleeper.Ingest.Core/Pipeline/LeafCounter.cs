using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Counts the rows of each leaf as they pass: after filters and aggregations there are fewer than came. The rows stay the caller's.</summary>
internal sealed unsafe class LeafCounter(IRowCursor rows, LeafRouter router) : IRowCursor
{
    private readonly long[] _rowsOfLeaf = new long[router.LeafCount];

    public ReadOnlySpan<long> RowsOfLeaf => _rowsOfLeaf;

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        if (!rows.MoveNext(out entries, out count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            byte* row = entries[i].Row;
            int header = RowFormat.ReadHeader(row, out int keyLength, out _);
            _rowsOfLeaf[router.Route(row + header, keyLength)]++;
        }

        return true;
    }

    public void Dispose()
    {
        // Nothing is owned.
    }
}
