using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>Smallest and largest of the values of a page: numbers signed, byte arrays by unsigned bytes, a prefix before what it begins.</summary>
internal static class ValueBounds
{
    public static (T Smallest, T Largest) OfNumbers<T>(ReadOnlySpan<T> values)
        where T : struct, INumber<T>
    {
        T smallest = values[0];
        T largest = values[0];
        int at = 0;
        if (Vector.IsHardwareAccelerated && values.Length >= Vector<T>.Count)
        {
            ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
            Vector<T> low = vectors[0];
            Vector<T> high = vectors[0];
            foreach (Vector<T> vector in vectors)
            {
                low = Vector.Min(low, vector);
                high = Vector.Max(high, vector);
            }

            for (int i = 0; i < Vector<T>.Count; i++)
            {
                smallest = T.Min(smallest, low[i]);
                largest = T.Max(largest, high[i]);
            }

            at = vectors.Length * Vector<T>.Count;
        }

        for (; at < values.Length; at++)
        {
            smallest = T.Min(smallest, values[at]);
            largest = T.Max(largest, values[at]);
        }

        return (smallest, largest);
    }

    /// <summary>Indexes of the smallest and the largest byte array. Almost all are told apart by their first eight bytes, read as one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe (int Smallest, int Largest) OfBytes(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets)
    {
        int count = offsets.Length - 1;
        int smallest = 0;
        int largest = 0;
        ulong low = Prefix(bytes[offsets[0]..offsets[1]]);
        ulong high = low;
        int i = 1;
        fixed (byte* source = bytes)
        fixed (int* offset = offsets)
        {
            for (; i < count && offset[i] + sizeof(ulong) <= bytes.Length; i++)
            {
                int length = offset[i + 1] - offset[i];
                ulong word = *(ulong*)(source + offset[i]);
                ulong prefix = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(word) : word;
                prefix &= length >= sizeof(ulong) ? ulong.MaxValue : ~(ulong.MaxValue >> (8 * length));
                if (prefix > low && prefix < high)
                {
                    continue;
                }

                Take(bytes, offsets, i, prefix, ref smallest, ref low, ref largest, ref high);
            }
        }

        for (; i < count; i++)
        {
            Take(bytes, offsets, i, Prefix(bytes[offsets[i]..offsets[i + 1]]), ref smallest, ref low, ref largest, ref high);
        }

        return (smallest, largest);
    }

    /// <summary>The plain version.</summary>
    internal static (int Smallest, int Largest) OfBytesPlainly(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets)
    {
        int smallest = 0;
        int largest = 0;
        for (int i = 1; i < offsets.Length - 1; i++)
        {
            ReadOnlySpan<byte> value = bytes[offsets[i]..offsets[i + 1]];
            smallest = value.SequenceCompareTo(bytes[offsets[smallest]..offsets[smallest + 1]]) < 0 ? i : smallest;
            largest = value.SequenceCompareTo(bytes[offsets[largest]..offsets[largest + 1]]) > 0 ? i : largest;
        }

        return (smallest, largest);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Take(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, int i, ulong prefix, ref int smallest, ref ulong low, ref int largest, ref ulong high)
    {
        if (prefix < low || (prefix == low && Compare(bytes, offsets, i, smallest) < 0))
        {
            smallest = i;
            low = prefix;
        }

        if (prefix > high || (prefix == high && Compare(bytes, offsets, i, largest) > 0))
        {
            largest = i;
            high = prefix;
        }
    }

    private static int Compare(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, int a, int b) =>
        bytes[offsets[a]..offsets[a + 1]].SequenceCompareTo(bytes[offsets[b]..offsets[b + 1]]);

    private static ulong Prefix(ReadOnlySpan<byte> value)
    {
        ulong prefix = 0;
        for (int i = 0; i < sizeof(ulong); i++)
        {
            prefix = (prefix << 8) | (i < value.Length ? value[i] : 0u);
        }

        return prefix;
    }
}
