using System.Diagnostics.CodeAnalysis;
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
    private readonly ValueLengths _lengths = ValueLengths.Of(dictionary);
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
        if (destination.TryKeepIndexes(dictionary))
        {
            DecodeIndexes(destination, count);
            return;
        }

        destination.EnsureValues(count);
        for (int done = 0; done < count;)
        {
            Span<int> indexes = _indexes.AsSpan(0, Math.Min(BatchLength, count - done));
            _runs.Read(indexes);
            VectorRoom.EnsureBytes(destination, CheckedLength(indexes), limits);
            DictionaryValues.Append(destination, dictionary, indexes);
            done += indexes.Length;
        }
    }

    private void DecodeIndexes(ColumnVector destination, int count)
    {
        Span<int> indexes = destination.ReserveIndexes(count);
        _runs.Read(indexes);
        long bytes = CheckedLength(indexes);
        VectorRoom.CheckBytes(destination, bytes, limits);
        destination.AddIndexes(count, (int)bytes);
    }

    /// <summary>Bytes of the values at these indexes, all of which are checked here; 0 for numbers.</summary>
    private long CheckedLength(ReadOnlySpan<int> indexes)
    {
        uint highest = DictionaryValues.Highest(indexes);
        if (!indexes.IsEmpty && highest >= (uint)dictionary.ValueCount)
        {
            ThrowIndex((int)highest, dictionary.ValueCount);
        }

        return dictionary.Kind != VectorKind.Bytes ? 0
            : _lengths.IsCommon ? (long)indexes.Length * _lengths.Longest
            : DictionaryValues.TotalLength(dictionary, indexes);
    }

    [DoesNotReturn]
    private static void ThrowIndex(int index, int count) =>
        throw new ParquetFormatException($"A page asks for value {(uint)index:N0} of a dictionary of {count:N0} values.");
}
