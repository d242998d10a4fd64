using Sleeper.Ingest.Core.Parquet.Columns;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>PLAIN booleans: a bit each, lowest first.</summary>
internal sealed unsafe class PlainBooleanDecoder : ValueDecoder
{
    private byte* _start;
    private byte* _limit;
    private long _bit;

    public override void Reset(byte* start, int length, int maxCount)
    {
        _start = start;
        _limit = start + length;
        _bit = 0;
    }

    public override void Decode(ColumnVector destination, int count)
    {
        long bitsLeft = ((_limit - _start) * 8) - _bit;
        if (count > bitsLeft)
        {
            throw new ParquetFormatException($"A page has {bitsLeft:N0} bits left for {count:N0} booleans.");
        }

        destination.EnsureValues(count);
        fixed (int* target = destination.Ints)
        {
            BitUnpacker.Unpack(_start, _limit, _bit, 1, target + destination.ValueCount, count);
        }

        destination.ValueCount += count;
        _bit += count;
    }
}
