using System.Diagnostics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Goes through a sorted run on disk; a stretch is a block, and one block is in memory.</summary>
/// <remarks>
/// Does not own the file. Checks each block (<see cref="BlockReader"/>), that its rows are whole and as many as it says, and that it does
/// not start before the last one ended.
/// </remarks>
internal sealed unsafe class RunCursor : IRowCursor
{
    private readonly BlockReader _reader;
    private readonly NativeBuffer _block;
    private readonly NativeBuffer _entries;
    private byte[] _lastKey = [];
    private int _lastKeyLength = -1;
    private bool _isAtEnd;

    /// <summary>Stands before the first row; <see cref="MemoryBytes"/> must be free in the budget.</summary>
    public RunCursor(SpillExtent run, MemoryBudget memory)
    {
        Debug.Assert(run.Kind == SpillKind.SortedRun, "A bucket is not sorted.");
        _reader = new BlockReader(run);
        _block = ReservedMemory.Take(memory, BlockReader.RoomBytes(run));
        try
        {
            _entries = ReservedMemory.Take(memory, (long)run.LargestBlockRowCount * sizeof(RowEntry));
        }
        catch
        {
            _block.Dispose();
            throw;
        }
    }

    /// <summary>The memory that a cursor over this run takes.</summary>
    public static long MemoryBytes(SpillExtent run) => BlockReader.RoomBytes(run) + ((long)run.LargestBlockRowCount * sizeof(RowEntry));

    public bool MoveNext(out RowEntry* entries, out int count)
    {
        entries = (RowEntry*)_entries.Pointer;
        count = 0;
        int length;
        do
        {
            if (_isAtEnd || !_reader.TryRead(_block.Pointer, _block.LengthBytes, out length, out count))
            {
                _isAtEnd = true;
                return false;
            }
        }
        while (count == 0 && length == 0);

        if (!EntryBuilder.TryBuild(_block.Pointer + SpillFormat.BlockHeaderBytes, length, entries, count, out nint faultOffset))
        {
            throw _reader.RowsDoNotFit(length, count, faultOffset);
        }

        if (_lastKeyLength >= 0 && KeyOf(entries[0].Row).SequenceCompareTo(_lastKey.AsSpan(0, _lastKeyLength)) < 0)
        {
            throw _reader.NotInOrder();
        }

        CheckOrder(entries, count);
        RememberKey(entries[count - 1].Row);
        return true;
    }

    public void Dispose()
    {
        _block.Dispose();
        _entries.Dispose();
    }

    [Conditional("DEBUG")]
    private static void CheckOrder(RowEntry* entries, int count)
    {
        for (int i = 1; i < count; i++)
        {
            Debug.Assert(RowFormat.CompareKeys(entries[i - 1].Row, entries[i].Row) <= 0, "A run is sorted.");
        }
    }

    private static ReadOnlySpan<byte> KeyOf(byte* row)
    {
        int header = RowFormat.ReadHeader(row, out int keyLength, out _);
        return new ReadOnlySpan<byte>(row + header, keyLength);
    }

    private void RememberKey(byte* row)
    {
        ReadOnlySpan<byte> key = KeyOf(row);
        if (key.Length > _lastKey.Length)
        {
            _lastKey = new byte[Math.Max(64, 2 * key.Length)];
        }

        key.CopyTo(_lastKey);
        _lastKeyLength = key.Length;
    }
}
