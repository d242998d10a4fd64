using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Rows as bytes, handed out in their order in stretches of random length, each of which is destroyed when the next one is asked for.</summary>
internal sealed unsafe class EncodedRows : IRowCursor
{
    private readonly List<byte[]> _rows = [];
    private readonly Random _random;
    private readonly int _longest;
    private NativeBuffer? _stretch;
    private NativeBuffer? _entries;
    private int _next;

    public EncodedRows(Schema schema, IEnumerable<Row> rows, Random random, int longest)
    {
        _random = random;
        _longest = longest;
        using var batch = new RowBatch(new MemoryBudget(1L << 30), 64 << 10, 1 << 20);
        var encoder = new RowEncoder(schema, KeyOrder.Bytes, new RowLimits());
        byte* header = stackalloc byte[RowFormat.MaxHeaderBytes];
        foreach (var row in rows)
        {
            batch.Clear();
            Assert.Null(encoder.Encode(row, batch));
            batch.EndRow(0);
            int length = RowFormat.WriteHeader(header, batch.Rows[0].KeyLength, batch.Rows[0].ValueLength);
            _rows.Add([.. new Span<byte>(header, length), .. new Span<byte>(batch.Start, batch.Rows[0].KeyLength + batch.Rows[0].ValueLength)]);
        }
    }

    /// <summary>The bytes of all rows, as text.</summary>
    public List<string> Texts => [.. _rows.Select(Convert.ToHexString)];

    /// <summary>The bytes of all rows that a cursor gives, as text.</summary>
    public static List<string> Read(IRowCursor cursor)
    {
        var texts = new List<string>();
        while (cursor.MoveNext(out RowEntry* entries, out int count))
        {
            for (int i = 0; i < count; i++)
            {
                int header = RowFormat.ReadHeader(entries[i].Row, out int keyLength, out _);
                Assert.Equal(RowFormat.KeyPrefix(entries[i].Row + header, keyLength, 0), entries[i].Prefix);
                texts.Add(Convert.ToHexString(new Span<byte>(entries[i].Row, RowFormat.RowLength(entries[i].Row))));
            }
        }

        return texts;
    }

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        _stretch?.Span.Fill(0x2A);
        Dispose();
        count = Math.Min(_rows.Count - _next, _random.Next(1, _longest + 1));
        var rows = _rows.GetRange(_next, count);
        _next += count;
        _stretch = new NativeBuffer(Math.Max(1, rows.Sum(r => r.Length)));
        _entries = new NativeBuffer(Math.Max(1, count) * sizeof(RowEntry));
        byte* place = _stretch.Pointer;
        foreach (byte[] row in rows)
        {
            row.CopyTo(new Span<byte>(place, row.Length));
            place += row.Length;
        }

        entries = (RowEntry*)_entries.Pointer;
        Assert.Equal(count, EntryBuilder.Build(_stretch.Pointer, (nint)(place - _stretch.Pointer), entries));
        return count > 0;
    }

    public void Dispose()
    {
        _stretch?.Dispose();
        _entries?.Dispose();
    }
}
