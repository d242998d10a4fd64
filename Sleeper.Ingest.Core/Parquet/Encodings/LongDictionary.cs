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
        int i = 0;
        while (i < values.Length)
        {
            int most = _slotCount / 2;
            if (Count == most)
            {
                Rehash(2 * _slotCount);
                continue;
            }

            // Up to so many values the arrays stay where they are.
            int count = Count;
            int mask = _slotCount - 1;
            fixed (long* known = _values)
            fixed (int* slots = _slots)
            {
                for (; i < values.Length; i++)
                {
                    long value = sizeof(T) == sizeof(long) ? Unsafe.BitCast<T, long>(values[i]) : Unsafe.BitCast<T, int>(values[i]);
                    int slot = Slot(value, mask);
                    while (slots[slot] != 0 && known[slots[slot] - 1] != value)
                    {
                        slot = (slot + 1) & mask;
                    }

                    if (slots[slot] == 0)
                    {
                        if (count == most)
                        {
                            break;
                        }

                        known[count] = value;
                        slots[slot] = ++count;
                    }

                    indexes[i] = slots[slot] - 1;
                }
            }

            Count = count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(long value, int mask)
    {
        ulong hash = (ulong)value * 0x9E3779B97F4A7C15;
        return (int)(hash >> 32) & mask;
    }

    /// <summary>Spreads the values over so many slots, and makes room for half as many values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rehash(int size)
    {
        if (size > _slots.Length)
        {
            _slots = new int[size];
            Array.Resize(ref _values, size / 2);
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
