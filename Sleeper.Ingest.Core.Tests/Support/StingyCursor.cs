using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A sorted run that is handed out in stretches of random length; the rows of the last stretch are destroyed by the next call.</summary>
internal sealed unsafe class StingyCursor : IRowCursor
{
    private readonly SampleRows _rows;
    private readonly Random _random;
    private int _start;
    private int _end;

    private StingyCursor(SampleRows rows, Random random)
    {
        _rows = rows;
        _random = random;
        using var scratch = new NativeBuffer(Math.Max(1, rows.Count) * sizeof(RowEntry));
        RowSorter.Sort(rows.Entries, (RowEntry*)scratch.Pointer, rows.Count);
    }

    /// <summary>Cuts rows at random places into runs, in order of arrival; some may be empty.</summary>
    public static List<IRowCursor> Split(List<byte[]> keys, int runs, Random random)
    {
        int[] cuts = [0, .. Enumerable.Range(0, Math.Max(0, runs - 1)).Select(_ => random.Next(keys.Count + 1)).Order(), keys.Count];
        return Enumerable.Range(0, runs).Select(i => (IRowCursor)new StingyCursor(new SampleRows(keys.GetRange(cuts[i], cuts[i + 1] - cuts[i]), cuts[i]), random)).ToList();
    }

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        for (int i = _start; i < _end; i++)
        {
            byte* row = _rows.Entries[i].Row;
            new Span<byte>(row, RowFormat.RowLength(row)).Fill(0x2A);
            _rows.Entries[i] = default;
        }

        _start = _end;
        int left = _rows.Count - _start;
        int limit = _random.Next(4) switch { 0 => 1, 1 => 5, 2 => 200, _ => 10_000 };
        count = Math.Min(left, 1 + _random.Next(limit));
        entries = _rows.Entries + _start;
        _end = _start + count;
        return count > 0;
    }

    public void Dispose() => _rows.Dispose();
}
