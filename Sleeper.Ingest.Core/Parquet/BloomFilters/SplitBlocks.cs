using System.Buffers.Binary;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

// filter = blocks
// block  = 8 words of 32 bits, little-endian

/// <summary>The split block Bloom filter of the Parquet format (BloomFilter.md there): what a filter says is not in it was never put in.</summary>
/// <remarks>
/// The upper half of a hash chooses a block, its lower half one bit in each of the block's 8 words. So one look-up touches 32 bytes only: a reader
/// of a large filter need not read the rest.
/// </remarks>
internal static class SplitBlocks
{
    public const int BlockBytes = 8 * sizeof(uint);

    private static ReadOnlySpan<uint> Salts => [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31];

    /// <summary>Where the block of a hash begins in a filter of so many bytes.</summary>
    public static int OffsetOf(ulong hash, int filterBytes) => (int)(((hash >> 32) * (uint)(filterBytes / BlockBytes)) >> 32) * BlockBytes;

    public static void Insert(Span<byte> filter, ulong hash)
    {
        Span<byte> block = filter.Slice(OffsetOf(hash, filter.Length), BlockBytes);
        for (int i = 0; i < Salts.Length; i++)
        {
            Span<byte> word = block[(i * sizeof(uint))..];
            BinaryPrimitives.WriteUInt32LittleEndian(word, BinaryPrimitives.ReadUInt32LittleEndian(word) | BitOf(hash, i));
        }
    }

    /// <summary>False if the hash was never put into the filter that the block is of.</summary>
    public static bool MayContain(ReadOnlySpan<byte> block, ulong hash)
    {
        for (int i = 0; i < Salts.Length; i++)
        {
            if ((BinaryPrimitives.ReadUInt32LittleEndian(block[(i * sizeof(uint))..]) & BitOf(hash, i)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static uint BitOf(ulong hash, int word) => 1u << (int)(((uint)hash * Salts[word]) >> 27);
}
