using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    /// <summary>Of 2,048 different values one in 32 meets the bit of another.</summary>
    private const int HashBits = 15;

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

        int most = sample - (sample / 8);
        return isAscending ? CountChanges(page, sample) <= most : CountHashes(page, sample) <= most && CountDifferent(page, sample) <= most;
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
                    changes += IsLike(page, i - 1, i) ? 0 : 1;
                }

                break;
        }

        return changes;
    }

    /// <summary>Whether two values are equal. Neighbours in order that are not most often differ in their last bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLike(PageValues page, int one, int other)
    {
        int length = page.Offsets[one + 1] - page.Offsets[one];
        return page.Offsets[other + 1] - page.Offsets[other] == length
            && (length < sizeof(ulong) || WordAt(page, page.Offsets[one + 1] - sizeof(ulong)) == WordAt(page, page.Offsets[other + 1] - sizeof(ulong)))
            && page.Bytes.Slice(page.Offsets[one], length).SequenceEqual(page.Bytes.Slice(page.Offsets[other], length));
    }

    /// <summary>How many hashes the first values have: never more than there are different values.</summary>
    /// <remarks>
    /// Most columns without a dictionary are known by this alone. Two columns of a file of 1,000 rows, which is a sample as a whole, take 5 microseconds;
    /// with each value in a hash table they took 40.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private int CountHashes(PageValues page, int count)
    {
        Span<ulong> seen = stackalloc ulong[(1 << HashBits) / 64];
        seen.Clear();
        ref ulong words = ref MemoryMarshal.GetReference(seen);
        int different = 0;
        switch (_column.VectorKind)
        {
            case VectorKind.Int32:
                foreach (int value in page.Ints[..count])
                {
                    different += Mark(ref words, Hash((ulong)value, 0));
                }

                break;
            case VectorKind.Int64:
                foreach (long value in page.Longs[..count])
                {
                    different += Mark(ref words, Hash((ulong)value, 0));
                }

                break;
            default:
                for (int i = 0; i < count; i++)
                {
                    different += Mark(ref words, HashOfEnds(page, i));
                }

                break;
        }

        return different;
    }

    /// <summary>Sets the bit of a hash; 1 if it was not set before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Mark(ref ulong seen, int hash)
    {
        ref ulong word = ref Unsafe.Add(ref seen, hash >> 6);
        int isNew = (int)(~word >> hash) & 1;
        word |= 1UL << hash;
        return isNew;
    }

    /// <summary>By its length, its first and its last eight bytes: whatever lies between costs a look into the hash table at worst.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HashOfEnds(PageValues page, int index)
    {
        int start = page.Offsets[index];
        int length = page.Offsets[index + 1] - start;
        if (length >= sizeof(ulong))
        {
            return Hash(WordAt(page, start), WordAt(page, start + length - sizeof(ulong)) + (uint)length);
        }

        ulong word = (uint)length;
        foreach (byte value in page.Bytes.Slice(start, length))
        {
            word = (word << 8) | value;
        }

        return Hash(word, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Hash(ulong first, ulong last) => (int)((((first * 0x9E3779B97F4A7C15) ^ BitOperations.RotateLeft(last, 32)) * 0xD6E8FEB86659FD93) >> (64 - HashBits));

    /// <summary>Offsets were checked when the vector was given to the column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong WordAt(PageValues page, int position) =>
        Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(page.Bytes), position));

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
