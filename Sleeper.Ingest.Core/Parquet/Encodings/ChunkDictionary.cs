using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

// page values   bit width, one byte   indexes, RLE / bit-packed hybrid

/// <summary>The dictionary of one column chunk. Reused; not thread-safe.</summary>
internal sealed class ChunkDictionary
{
    private const int SampleValues = 2048;

    private readonly LeafColumn _column;
    private readonly int _maxBytes;
    private readonly BytesDictionary? _bytes;
    private readonly LongDictionary? _longs;
    private int[] _indexes = [];

    public ChunkDictionary(LeafColumn column, int maxBytes)
    {
        _column = column;
        _maxBytes = maxBytes;
        if (column.VectorKind == VectorKind.Bytes)
        {
            _bytes = new BytesDictionary();
        }
        else
        {
            _longs = new LongDictionary();
        }
    }

    public int Count => _bytes?.Count ?? _longs!.Count;

    public long CapacityBytes => (_bytes?.CapacityBytes ?? _longs!.CapacityBytes) + (4L * _indexes.Length);

    /// <summary>Size of the dictionary page's values.</summary>
    private long PlainBytes => _column.PhysicalType switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4L * Count,
        PhysicalType.Int64 or PhysicalType.Double => 8L * Count,
        PhysicalType.ByteArray => (4L * Count) + _bytes!.ByteCount,
        _ => _bytes!.ByteCount,
    };

    public void Clear()
    {
        _bytes?.Clear();
        _longs?.Clear();
    }

    /// <summary>True unless the first values of a page are so many different ones that no dictionary can pay.</summary>
    /// <param name="page">The first page of a chunk.</param>
    /// <param name="isAscending">Whether equal values are neighbours: then these are compared, at a tenth of the cost.</param>
    public bool LooksWorthwhile(PageValues page, bool isAscending)
    {
        int sample = Math.Min(SampleValues, page.Count);
        if (sample == 0)
        {
            return false;
        }

        int different = isAscending ? CountChanges(page, sample) : CountDifferent(page, sample);
        return different <= sample - (sample / 8);
    }

    /// <summary>Encodes a page by the dictionary, which grows; false, with the dictionary as before, if it would become too large.</summary>
    public bool TryEncode(PageValues page, ByteBuffer output)
    {
        int before = Count;
        if (!FindIndexes(page, page.Count))
        {
            _bytes?.Truncate(before);
            _longs?.Truncate(before);
            return false;
        }

        int width = RleBitPackedEncoder.WidthOf(Math.Max(0, Count - 1));
        output.Append((byte)width);
        RleBitPackedEncoder.EncodeIndexes(_indexes.AsSpan(0, page.Count), width, output);
        return true;
    }

    /// <summary>Bytes that the dictionary costs.</summary>
    public long Cost() => PlainBytes;

    public void WritePlain(ByteBuffer output)
    {
        if (_bytes is not null)
        {
            _bytes.WritePlain(_column.PhysicalType == PhysicalType.ByteArray, output);
        }
        else
        {
            _longs!.WritePlain(_column.VectorKind == VectorKind.Int32, output);
        }
    }

    private int CountDifferent(PageValues page, int count)
    {
        FindIndexes(page, count);
        int different = Count;
        Clear();
        return different;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CountChanges(PageValues page, int count)
    {
        int changes = 1;
        switch (_column.VectorKind)
        {
            case VectorKind.Int32:
                for (int i = 1; i < count; i++)
                {
                    changes += page.Ints[i] == page.Ints[i - 1] ? 0 : 1;
                }

                break;
            case VectorKind.Int64:
                for (int i = 1; i < count; i++)
                {
                    changes += page.Longs[i] == page.Longs[i - 1] ? 0 : 1;
                }

                break;
            default:
                for (int i = 1; i < count; i++)
                {
                    var before = page.Bytes[page.Offsets[i - 1]..page.Offsets[i]];
                    changes += before.SequenceEqual(page.Bytes[page.Offsets[i]..page.Offsets[i + 1]]) ? 0 : 1;
                }

                break;
        }

        return changes;
    }

    private bool FindIndexes(PageValues page, int count)
    {
        if (_indexes.Length < count)
        {
            _indexes = GC.AllocateUninitializedArray<int>(count);
        }

        Span<int> indexes = _indexes.AsSpan(0, count);
        switch (_column.VectorKind)
        {
            case VectorKind.Int32:
                _longs!.FindIndexes(page.Ints[..count], indexes);
                break;
            case VectorKind.Int64:
                _longs!.FindIndexes(page.Longs[..count], indexes);
                break;
            default:
                _bytes!.FindIndexes(page.Bytes, page.Offsets[..(count + 1)], indexes);
                break;
        }

        return PlainBytes <= _maxBytes;
    }
}
