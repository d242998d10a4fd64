using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>DELTA_BINARY_PACKED values of INT32 and INT64 columns (see <see cref="DeltaBlocksDecoder"/>).</summary>
internal sealed unsafe class DeltaIntegerDecoder : ValueDecoder
{
    private DeltaBlocksDecoder _blocks;

    public override void Reset(byte* start, int length, int maxCount)
    {
        if (length == 0)
        {
            _blocks = default; // A page of nulls only may have no bytes at all; asking it for a value fails.
            return;
        }

        _blocks.Reset(start, length, maxCount);
    }

    public override void Decode(ColumnVector destination, int count)
    {
        destination.EnsureValues(count);
        if (destination.Kind == VectorKind.Int32)
        {
            _blocks.Read(destination.Ints.AsSpan(destination.ValueCount, count));
        }
        else
        {
            _blocks.Read(destination.Longs.AsSpan(destination.ValueCount, count));
        }

        destination.ValueCount += count;
    }
}
