using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

/// <summary>Asks the Bloom filter of a column chunk where it lies: reads its header and the one block that a value belongs to, never the whole.</summary>
internal static class StoredBloomFilter
{
    /// <summary>Read first: a header has about 20 bytes, and the smallest filters come along.</summary>
    private const int FirstReadBytes = 128;

    /// <summary>False if no value with this hash is in the chunk; true also where the chunk has no filter, or one of a kind that is not known.</summary>
    /// <exception cref="ParquetFormatException">The filter does not lie where the footer says, or its header cannot be read.</exception>
    public static async ValueTask<bool> MayContainAsync(IRandomAccessReader source, ColumnMetadata chunk, ulong hash, CancellationToken cancellationToken)
    {
        if (chunk.BloomFilterOffset is not { } start)
        {
            return true;
        }

        long end = source.Length - ParquetFooter.TrailerLength;
        if (start < 0 || start >= end)
        {
            throw new ParquetFormatException($"The Bloom filter is said to begin at byte {start:N0}, but the file has {source.Length:N0} bytes.");
        }

        byte[] first = new byte[(int)Math.Min(FirstReadBytes, end - start)];
        await source.ReadAsync(start, first, cancellationToken).ConfigureAwait(false);
        (BloomFilterHeader header, int headerBytes) = ReadHeader(first, start);
        if (!header.IsSplitBlock || !header.IsXxHash || !header.IsUncompressed)
        {
            return true;
        }

        if (header.NumBytes < SplitBlocks.BlockBytes || header.NumBytes % SplitBlocks.BlockBytes != 0 || header.NumBytes > end - start - headerBytes)
        {
            throw new ParquetFormatException(
                $"The Bloom filter at byte {start:N0} is said to have {header.NumBytes:N0} bytes; whole blocks of {SplitBlocks.BlockBytes}, and at most {end - start - headerBytes:N0} bytes, are possible.")
            { Offset = start };
        }

        int at = headerBytes + SplitBlocks.OffsetOf(hash, header.NumBytes);
        if (at + SplitBlocks.BlockBytes <= first.Length)
        {
            return SplitBlocks.MayContain(first.AsSpan(at), hash);
        }

        byte[] block = new byte[SplitBlocks.BlockBytes];
        await source.ReadAsync(start + at, block, cancellationToken).ConfigureAwait(false);
        return SplitBlocks.MayContain(block, hash);
    }

    private static (BloomFilterHeader Header, int Length) ReadHeader(ReadOnlySpan<byte> bytes, long offset)
    {
        var reader = new ThriftCompactReader(bytes, offset);
        BloomFilterHeader header = BloomFilterHeader.Read(ref reader);
        return (header, reader.Position);
    }
}
