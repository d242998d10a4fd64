using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

// in the file: header (Thrift: BloomFilterHeader), blocks (see SplitBlocks)

/// <summary>Makes the Bloom filter of one column chunk after the other. Reused; not thread-safe.</summary>
/// <remarks>
/// The filter's size follows from the number of distinct values, which is known at the end. Until then hashes are kept, up to as many as fill the
/// largest filter allowed; with more its size is settled, and they go straight in.
/// </remarks>
internal sealed class ChunkBloomFilter
{
    private readonly BloomFilterWriteOptions _options;
    private readonly BloomFilterSize _size;
    private readonly bool _isAscending;
    private readonly int _keptHashes;
    private ulong[] _hashes = [];
    private int _count;
    private byte[]? _blocks;

    /// <param name="column">Its values are hashed as its physical type holds them.</param>
    /// <param name="options">The filter's size.</param>
    /// <param name="isAscending">True if equal values are always neighbours; then they need not be looked for.</param>
    public ChunkBloomFilter(LeafColumn column, BloomFilterWriteOptions options, bool isAscending = false)
    {
        Check(column, options);
        _isAscending = isAscending;
        _options = options;
        _size = new BloomFilterSize(options.FalsePositiveProbability, options.MaxBytes);
        _keptHashes = (int)Math.Clamp(_size.MostValues, 1, Array.MaxLength / 2);
    }

    public long CapacityBytes => (8L * _hashes.Length) + (_blocks?.Length ?? 0);

    /// <summary>Takes the values of a page; nulls are in no filter.</summary>
    public void Add(PageValues page)
    {
        if (_options.DistinctValues is { } expected)
        {
            _blocks ??= new byte[_size.BytesFor(expected)];
        }

        foreach (int value in page.Ints)
        {
            Add(XxHash64.Hash(value));
        }

        foreach (long value in page.Longs)
        {
            Add(XxHash64.Hash(value));
        }

        for (int i = 0; i + 1 < page.Offsets.Length; i++)
        {
            Add(XxHash64.Hash(page.Bytes[page.Offsets[i]..page.Offsets[i + 1]]));
        }
    }

    /// <summary>Appends the filter of all values since it was last cleared, header first.</summary>
    public void Write(ByteBuffer output)
    {
        Compact();
        int length = _blocks?.Length ?? _size.BytesFor(_options.DistinctValues ?? _count);
        new BloomFilterHeader { NumBytes = length, IsSplitBlock = true, IsXxHash = true, IsUncompressed = true }.Write(new ThriftCompactWriter(output));
        Span<byte> filter = output.Reserve(length)[..length];
        if (_blocks is null)
        {
            filter.Clear();
            InsertKept(filter);
        }
        else
        {
            _blocks.CopyTo(filter);
        }

        output.Advance(length);
    }

    public void Clear()
    {
        _count = 0;
        _blocks = null;
    }

    private static void Check(LeafColumn column, BloomFilterWriteOptions options)
    {
        if (column.PhysicalType is PhysicalType.Boolean or PhysicalType.Int96)
        {
            throw new ArgumentException($"Column '{column.DottedPath}' is {column.PhysicalType}, for which no Bloom filter is written.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.DistinctValues ?? 0, 0, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBytes, SplitBlocks.BlockBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxBytes, BloomFilterSize.MaxBytes, nameof(options));
        if (options.FalsePositiveProbability is not (> 0 and < 1))
        {
            throw new ArgumentException($"A probability of {options.FalsePositiveProbability} is not above 0 and below 1.", nameof(options));
        }
    }

    private void Add(ulong hash)
    {
        if (_blocks is not null)
        {
            SplitBlocks.Insert(_blocks, hash);
            return;
        }

        // Most columns with a filter are sorted, or nearly so.
        if (_count > 0 && _hashes[_count - 1] == hash)
        {
            return;
        }

        if (_count == _hashes.Length)
        {
            MakeRoom();
        }

        if (_blocks is null)
        {
            _hashes[_count++] = hash;
        }
        else
        {
            SplitBlocks.Insert(_blocks, hash);
        }
    }

    private void MakeRoom()
    {
        if (_hashes.Length < 2 * _keptHashes)
        {
            Array.Resize(ref _hashes, (int)Math.Min(2L * _keptHashes, Math.Max(1024, 2L * _hashes.Length)));
            return;
        }

        Compact();
        if (_count > _keptHashes)
        {
            _blocks = new byte[_size.BytesFor(long.MaxValue)];
            InsertKept(_blocks);
            _count = 0;
        }
    }

    /// <summary>Leaves each hash once.</summary>
    private void Compact()
    {
        if (_isAscending)
        {
            return;
        }

        Span<ulong> hashes = _hashes.AsSpan(0, _count);
        hashes.Sort();
        int kept = 0;
        for (int i = 0; i < hashes.Length; i++)
        {
            if (i == 0 || hashes[i] != hashes[i - 1])
            {
                hashes[kept++] = hashes[i];
            }
        }

        _count = kept;
    }

    private void InsertKept(Span<byte> filter)
    {
        foreach (ulong hash in _hashes.AsSpan(0, _count))
        {
            SplitBlocks.Insert(filter, hash);
        }
    }
}
