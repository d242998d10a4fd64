using System.Numerics;
using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>The repetition or the definition levels of one page, in any of the encodings for them. Mutable: keep it in a field.</summary>
internal unsafe struct LevelReader
{
    private readonly byte _maxLevel;
    private readonly int _width;
    private HybridDecoder _runs;
    private BitPackedLevelsDecoder _bitPacked;
    private bool _isBitPacked;

    public LevelReader(int maxLevel)
    {
        _maxLevel = checked((byte)maxLevel);
        _width = 32 - BitOperations.LeadingZeroCount((uint)maxLevel);
    }

    /// <summary>Begins the levels of a v1 page, which lie before its values, and moves past them.</summary>
    public void ResetV1(ParquetEncoding encoding, int valueCount, ref byte* next, ref int bytesLeft)
    {
        if (_maxLevel == 0)
        {
            return;
        }

        long length;
        if (encoding == ParquetEncoding.BitPacked)
        {
            length = (((long)valueCount * _width) + 7) / 8;
        }
        else if (encoding == ParquetEncoding.Rle)
        {
            if (bytesLeft < 4)
            {
                throw new ParquetFormatException($"A page has {bytesLeft} bytes where the length of its levels should be.");
            }

            length = Unsafe.ReadUnaligned<uint>(next);
            next += 4;
            bytesLeft -= 4;
        }
        else
        {
            throw new ParquetFormatException($"A page has levels with the encoding {encoding}; the format defines RLE and BIT_PACKED.");
        }

        if (length > bytesLeft)
        {
            throw new ParquetFormatException($"A page claims {length:N0} bytes of levels, but has {bytesLeft:N0} left.");
        }

        _isBitPacked = encoding == ParquetEncoding.BitPacked;
        if (_isBitPacked)
        {
            _bitPacked.Reset(next, (int)length, _width);
        }
        else
        {
            _runs.Reset(next, (int)length, _width);
        }

        next += length;
        bytesLeft -= (int)length;
    }

    /// <summary>Begins the levels of a v2 page: runs without a length before them.</summary>
    public void ResetV2(byte* start, int length)
    {
        _isBitPacked = false;
        _runs.Reset(start, length, _width);
    }

    /// <summary>The next levels, none above the column's maximum.</summary>
    public void Read(Span<byte> destination)
    {
        if (_isBitPacked)
        {
            _bitPacked.Read(destination);
        }
        else
        {
            _runs.Read(destination);
        }

        // Where the maximum fills all its bits, no level can be above it.
        if (_maxLevel != (1 << _width) - 1)
        {
            int at = destination.IndexOfAnyExceptInRange((byte)0, _maxLevel);
            if (at >= 0)
            {
                throw new ParquetFormatException($"A page has the level {destination[at]} in a column whose maximum is {_maxLevel}.");
            }
        }
    }
}
