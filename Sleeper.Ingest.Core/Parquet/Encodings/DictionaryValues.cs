using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Values of a dictionary at indexes. All but <see cref="Highest"/> take indexes that were held against the dictionary before.</summary>
internal static unsafe class DictionaryValues
{
    /// <summary>The highest index, each taken as unsigned; 0 if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Highest(ReadOnlySpan<int> indexes)
    {
        // One look at all indexes together instead of one at each: alone, 0.04 ns an index instead of 0.27.
        int i = 0;
        uint highest = 0;
        fixed (int* first = indexes)
        {
            if (Vector256.IsHardwareAccelerated && indexes.Length >= Vector256<uint>.Count)
            {
                Vector256<uint> most = Vector256<uint>.Zero;
                for (; i <= indexes.Length - Vector256<uint>.Count; i += Vector256<uint>.Count)
                {
                    most = Vector256.Max(most, Vector256.Load((uint*)first + i));
                }

                for (int lane = 0; lane < Vector256<uint>.Count; lane++)
                {
                    highest = Math.Max(highest, most[lane]);
                }
            }

            for (; i < indexes.Length; i++)
            {
                highest = Math.Max(highest, (uint)first[i]);
            }
        }

        return highest;
    }

    /// <summary>Bytes of the values at these indexes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long TotalLength(ColumnVector dictionary, ReadOnlySpan<int> indexes)
    {
        long total = 0;
        fixed (int* starts = dictionary.Offsets)
        {
            foreach (int index in indexes)
            {
                total += starts[index + 1] - starts[index];
            }
        }

        return total;
    }

    /// <summary>Appends values to a vector that has room for them, and <see cref="VectorRoom.Spare"/> bytes behind.</summary>
    public static void Append(ColumnVector destination, ColumnVector dictionary, ReadOnlySpan<int> indexes)
    {
        switch (destination.Kind)
        {
            case VectorKind.Int32:
                Gather(indexes, dictionary.Ints, destination.Ints.AsSpan(destination.ValueCount, indexes.Length));
                break;
            case VectorKind.Int64:
                Gather(indexes, dictionary.Longs, destination.Longs.AsSpan(destination.ValueCount, indexes.Length));
                break;
            default:
                GatherBytes(indexes, dictionary, destination);
                break;
        }

        destination.ValueCount += indexes.Length;
    }

    /// <summary>Puts values in the place of their indexes, if the vector has indexes.</summary>
    public static void Spread(ColumnVector vector)
    {
        if (vector.Dictionary is not { } dictionary)
        {
            return;
        }

        int count = vector.ValueCount;
        int bytes = vector.ByteCount;
        vector.ForgetDictionary();
        vector.EnsureValues(count);
        if (vector.Kind == VectorKind.Bytes)
        {
            vector.EnsureBytes(bytes + VectorRoom.Spare);
        }

        Append(vector, dictionary, vector.Indexes.AsSpan(0, count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<T>(ReadOnlySpan<int> indexes, T[] values, Span<T> destination)
        where T : unmanaged
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = values[indexes[i]];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherBytes(ReadOnlySpan<int> indexes, ColumnVector dictionary, ColumnVector destination)
    {
        fixed (byte* source = dictionary.Bytes)
        fixed (byte* bytes = destination.Bytes)
        fixed (int* starts = dictionary.Offsets)
        fixed (int* offsets = &destination.Offsets[destination.ValueCount])
        {
            int written = offsets[0];
            for (int i = 0; i < indexes.Length; i++)
            {
                int start = starts[indexes[i]];
                int length = starts[indexes[i] + 1] - start;
                VectorRoom.Copy(source + start, bytes + written, length);
                written += length;
                offsets[i + 1] = written;
            }
        }
    }
}
