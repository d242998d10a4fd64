namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Decodes the old BIT_PACKED levels: values of a fixed width, one after the other, highest bit first, without a length before them.</summary>
internal unsafe struct BitPackedLevelsDecoder
{
    private byte* _start;
    private long _bit;
    private long _bitLimit;
    private int _width;

    public void Reset(byte* start, int length, int width)
    {
        _start = start;
        _bit = 0;
        _bitLimit = 8L * length;
        _width = width;
    }

    public void Read(Span<byte> destination)
    {
        if (_bitLimit - _bit < (long)destination.Length * _width)
        {
            throw new ParquetFormatException($"Bit-packed levels end with {destination.Length:N0} or fewer values missing.");
        }

        for (int i = 0; i < destination.Length; i++)
        {
            int value = 0;
            for (int b = 0; b < _width; b++, _bit++)
            {
                value = (value << 1) | ((_start[_bit >> 3] >> (7 - (int)(_bit & 7))) & 1);
            }

            destination[i] = (byte)value;
        }
    }
}
