using System.Buffers.Binary;
using System.Numerics;

namespace Sleeper.Ingest.Core.Parquet.BloomFilters;

/// <summary>XXH64 with seed 0, the hash of Parquet's Bloom filters (by Yann Collet; github.com/Cyan4973/xxHash, doc/xxhash_spec.md).</summary>
/// <remarks>
/// Stripes of 32 bytes go into four lanes, which are then folded into one; what is left goes in by 8, 4 and 1 bytes; at the end every bit is spread
/// over all others. All numbers are little-endian and wrap around.
/// </remarks>
internal static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;
    private const int StripeBytes = 32;

    /// <summary>The hash of a value of BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY: of its bytes, without their length.</summary>
    public static ulong Hash(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> rest = value;
        ulong hash = value.Length < StripeBytes ? Prime5 : HashStripes(ref rest);
        hash += (ulong)value.Length;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            hash = Mix8(hash, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        if (rest.Length >= sizeof(uint))
        {
            hash = Mix4(hash, BinaryPrimitives.ReadUInt32LittleEndian(rest));
            rest = rest[sizeof(uint)..];
        }

        foreach (byte last in rest)
        {
            hash = BitOperations.RotateLeft(hash ^ (last * Prime5), 11) * Prime1;
        }

        return Spread(hash);
    }

    /// <summary>The hash of an INT32: of its 4 bytes, little-endian.</summary>
    public static ulong Hash(int value) => Spread(Mix4(Prime5 + sizeof(int), (uint)value));

    /// <summary>The hash of an INT64: of its 8 bytes, little-endian.</summary>
    public static ulong Hash(long value) => Spread(Mix8(Prime5 + sizeof(long), (ulong)value));

    private static ulong HashStripes(ref ReadOnlySpan<byte> rest)
    {
        ulong a = unchecked(Prime1 + Prime2);
        ulong b = Prime2;
        ulong c = 0;
        ulong d = unchecked(0 - Prime1);
        for (; rest.Length >= StripeBytes; rest = rest[StripeBytes..])
        {
            a = Round(a, BinaryPrimitives.ReadUInt64LittleEndian(rest));
            b = Round(b, BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
            c = Round(c, BinaryPrimitives.ReadUInt64LittleEndian(rest[16..]));
            d = Round(d, BinaryPrimitives.ReadUInt64LittleEndian(rest[24..]));
        }

        ulong hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
        return Fold(Fold(Fold(Fold(hash, a), b), c), d);
    }

    private static ulong Round(ulong lane, ulong word) => BitOperations.RotateLeft(lane + (word * Prime2), 31) * Prime1;

    private static ulong Fold(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * Prime1) + Prime4;

    private static ulong Mix8(ulong hash, ulong word) => (BitOperations.RotateLeft(hash ^ Round(0, word), 27) * Prime1) + Prime4;

    private static ulong Mix4(ulong hash, uint word) => (BitOperations.RotateLeft(hash ^ (word * Prime1), 23) * Prime2) + Prime3;

    private static ulong Spread(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }
}
