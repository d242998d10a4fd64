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

    /// <summary>The index of each value, which is added if it is new.</summary>
    public void FindIndexes(ReadOnlySpan<long> values, Span<int> indexes) => Find(values, indexes);

    /// <inheritdoc cref="FindIndexes(ReadOnlySpan{long}, Span{int})"/>
    public void FindIndexes(ReadOnlySpan<int> values, Span<int> indexes) => Find(values, indexes);

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Find<T>(ReadOnlySpan<T> values, Span<int> indexes)
        where T : unmanaged
    {
        for (int i = 0; i < values.Length; i++)
        {
            // Up to the next new value the arrays stay where they are.
            long value = 0;
            int slot = 0;
            fixed (long* known = _values)
            fixed (int* slots = _slots)
            {
                int mask = _slotCount - 1;
                for (; i < values.Length; i++)
                {
                    value = sizeof(T) == sizeof(long) ? Unsafe.BitCast<T, long>(values[i]) : Unsafe.BitCast<T, int>(values[i]);
                    slot = Slot(value, mask);
                    while (slots[slot] != 0 && known[slots[slot] - 1] != value)
                    {
                        slot = (slot + 1) & mask;
                    }

                    if (slots[slot] == 0)
                    {
                        break;
                    }

                    indexes[i] = slots[slot] - 1;
                }
            }

            if (i < values.Length)
            {
                indexes[i] = Add(value, slot);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(long value, int mask)
    {
        ulong hash = (ulong)value * 0x9E3779B97F4A7C15;
        return (int)(hash >> 32) & mask;
    }

    /// <summary>Optimised at once: growing an array of numbers is the base library's generic code, for which nothing is compiled beforehand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
