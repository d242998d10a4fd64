using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Decodes dictionary pages' companions: 1 byte width of the indexes, then runs of indexes (see <see cref="HybridDecoder"/>).</summary>
/// <param name="dictionary">The values of the dictionary page, of the same kind as the vectors to fill; kept by its owner.</param>
/// <param name="limits">Bounds of a value and of one read.</param>
internal sealed unsafe class DictionaryDecoder(ColumnVector dictionary, ParquetReaderLimits limits) : ValueDecoder
{
    /// <summary>Indexes decoded at a time: 4 KiB, which stay in the first cache.</summary>
    private const int BatchLength = 1024;

    private const int MaxIndexWidth = 32;

    private readonly int[] _indexes = new int[BatchLength];
    private HybridDecoder _runs;

    public override void Reset(byte* start, int length, int maxCount)
    {
        if (length == 0)
        {
            // A page of nulls only may have no bytes at all; asking it for a value fails.
            _runs.Reset(start, 0, 1);
            return;
        }

        int width = start[0];
        if (width > MaxIndexWidth)
        {
            throw new ParquetFormatException($"A page claims dictionary indexes of {width} bits; {MaxIndexWidth} are the most.");
        }

        _runs.Reset(start + 1, length - 1, width);
    }

    public override void Decode(ColumnVector destination, int count)
    {
        destination.EnsureValues(count);
        for (int done = 0; done < count;)
        {
            Span<int> indexes = _indexes.AsSpan(0, Math.Min(BatchLength, count - done));
            _runs.Read(indexes);
            switch (destination.Kind)
            {
                case VectorKind.Int32:
                    Gather(indexes, dictionary.Ints.AsSpan(0, dictionary.ValueCount), destination.Ints.AsSpan(destination.ValueCount));
                    break;
                case VectorKind.Int64:
                    Gather(indexes, dictionary.Longs.AsSpan(0, dictionary.ValueCount), destination.Longs.AsSpan(destination.ValueCount));
                    break;
                default:
                    GatherBytes(indexes, destination);
                    break;
            }

            destination.ValueCount += indexes.Length;
            done += indexes.Length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<T>(ReadOnlySpan<int> indexes, ReadOnlySpan<T> values, Span<T> destination)
        where T : unmanaged
    {
        destination = destination[..indexes.Length];
        for (int i = 0; i < indexes.Length; i++)
        {
            int index = indexes[i];
            if ((uint)index >= (uint)values.Length)
            {
                ThrowIndex(index, values.Length);
            }

            destination[i] = values[index];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatherBytes(ReadOnlySpan<int> indexes, ColumnVector destination)
    {
        VectorRoom.EnsureBytes(destination, TotalLength(indexes), limits);
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

    /// <summary>Bytes of the values at these indexes, all of which are checked here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long TotalLength(ReadOnlySpan<int> indexes)
    {
        ReadOnlySpan<int> starts = dictionary.Offsets.AsSpan(0, dictionary.ValueCount + 1);
        long total = 0;
        foreach (int index in indexes)
        {
            if ((uint)index >= (uint)dictionary.ValueCount)
            {
                ThrowIndex(index, dictionary.ValueCount);
            }

            total += starts[index + 1] - starts[index];
        }

        return total;
    }

    [DoesNotReturn]
    private static void ThrowIndex(int index, int count) =>
        throw new ParquetFormatException($"A page asks for value {(uint)index:N0} of a dictionary of {count:N0} values.");
}
