using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Gives numbers (INT32 or INT64) indexes in the order in which they are first met. Reused; not thread-safe.</summary>
/// <remarks>Open addressing with linear probing, at most half full; slots hold index + 1. Each use begins with few of them, as in <see cref="BytesDictionary"/>.</remarks>
internal sealed class LongDictionary
{
    private const int FirstSlots = 512;

    private long[] _values = new long[256];
    private int[] _slots = new int[FirstSlots];
    private int _slotCount = FirstSlots;

    public int Count { get; private set; }

    public long CapacityBytes => (8L * _values.Length) + (4L * _slots.Length);

    public void Clear()
    {
        if (Count > 0)
        {
            Count = 0;
            _slotCount = FirstSlots;
            Array.Clear(_slots, 0, FirstSlots);
        }
    }

    /// <summary>The index of a value, which is added if it is new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int IndexOf(long value)
    {
        int mask = _slotCount - 1;
        int slot = Slot(value, mask);
        while (true)
        {
            int found = _slots[slot] - 1;
            if (found < 0)
            {
                return Add(value, slot);
            }

            if (_values[found] == value)
            {
                return found;
            }

            slot = (slot + 1) & mask;
        }
    }

    /// <summary>Forgets the values added last.</summary>
    public void Truncate(int count)
    {
        Count = count;
        Rehash(_slotCount);
    }

    public void WritePlain(bool as32Bits, ByteBuffer output)
    {
        if (!as32Bits)
        {
            PlainEncoder.EncodeLongs(_values.AsSpan(0, Count), output);
            return;
        }

        Span<int> one = stackalloc int[1];
        for (int i = 0; i < Count; i++)
        {
            one[0] = (int)_values[i];
            PlainEncoder.EncodeInts(one, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(long value, int mask)
    {
        ulong hash = (ulong)value * 0x9E3779B97F4A7C15;
        return (int)(hash >> 32) & mask;
    }

    private int Add(long value, int slot)
    {
        int index = Count++;
        if (index == _values.Length)
        {
            Array.Resize(ref _values, 2 * index);
        }

        _values[index] = value;
        _slots[slot] = index + 1;
        if (2 * Count > _slotCount)
        {
            Rehash(2 * _slotCount);
        }

        return index;
    }

    private void Rehash(int size)
    {
        if (size > _slots.Length)
        {
            _slots = new int[size];
        }
        else
        {
            Array.Clear(_slots, 0, size);
        }

        _slotCount = size;
        int mask = size - 1;
        for (int i = 0; i < Count; i++)
        {
            int slot = Slot(_values[i], mask);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i + 1;
        }
    }
}
