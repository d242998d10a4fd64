using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>Encoded rows in memory, sorted: what data files are written from.</summary>
internal sealed unsafe class RowsInMemory : IDisposable
{
    private const int SlabBytes = 16 << 20;

    private readonly List<(NativeBuffer Slab, int UsedBytes)> _slabs = [];
    private NativeBuffer? _entries;
    private int _count;

    /// <summary>Bytes of all rows.</summary>
    public long ByteCount => _slabs.Sum(s => (long)s.UsedBytes);

    public int RowCount => _count;

    /// <summary>Copies rows. One caller at a time.</summary>
    public void Add(RowBatch batch)
    {
        byte* source = batch.Start;
        foreach (var row in batch.Rows)
        {
            int length = row.KeyLength + row.ValueLength;
            byte* destination = Take(RowFormat.HeaderLength(row.KeyLength, row.ValueLength) + length);
            destination += RowFormat.WriteHeader(destination, row.KeyLength, row.ValueLength);
            Buffer.MemoryCopy(source, destination, length, length);
            source += length;
        }

        _count += batch.RowCount;
    }

    /// <summary>After the last row.</summary>
    public void Sort()
    {
        _entries = new NativeBuffer((nint)_count * sizeof(RowEntry));
        using var scratch = new NativeBuffer((nint)_count * sizeof(RowEntry));
        BuildEntries((RowEntry*)_entries.Pointer);
        RowSorter.Sort((RowEntry*)_entries.Pointer, (RowEntry*)scratch.Pointer, _count);
    }

    /// <summary>Makes the entries of all rows, in the order in which they came.</summary>
    public void BuildEntries(RowEntry* entries)
    {
        int count = 0;
        foreach (var (slab, usedBytes) in _slabs)
        {
            count += EntryBuilder.Build(slab.Pointer, usedBytes, entries + count);
        }

        if (count != _count)
        {
            throw new InvalidOperationException($"{count} rows were found of {_count}.");
        }
    }

    /// <summary>A way through the sorted rows; as many as are asked for.</summary>
    public IRowCursor Open() => new Cursor((RowEntry*)_entries!.Pointer, _count);

    public void Dispose()
    {
        _slabs.ForEach(s => s.Slab.Dispose());
        _entries?.Dispose();
    }

    private byte* Take(int bytes)
    {
        if (_slabs.Count == 0 || _slabs[^1].Slab.LengthBytes - _slabs[^1].UsedBytes < bytes)
        {
            _slabs.Add((new NativeBuffer(Math.Max(SlabBytes, bytes)), 0));
        }

        var (slab, used) = _slabs[^1];
        _slabs[^1] = (slab, used + bytes);
        return slab.Pointer + used;
    }

    private sealed class Cursor(RowEntry* all, int rowCount) : IRowCursor
    {
        private bool _isRead;

        public bool MoveNext(out RowEntry* entries, out int count)
        {
            entries = all;
            count = _isRead ? 0 : rowCount;
            _isRead = true;
            return count > 0;
        }

        public void Dispose()
        {
            // The rows belong to the outer object.
        }
    }
}
