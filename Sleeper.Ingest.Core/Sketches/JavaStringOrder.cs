using System.Runtime.CompilerServices;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>The original's order of strings, by UTF-16 code units, told from their UTF-8 bytes without decoding them.</summary>
/// <remarks>
/// Both orders agree until one string has a supplementary character (UTF-8 lead byte F0 to F4, UTF-16 lead unit D800 to DBFF) where the other
/// has one of U+E000 to U+FFFF (lead bytes EE and EF): by code units the supplementary one comes first. At the first byte in which two
/// strings differ, both bytes are leads or both are continuations of one character, and continuation bytes are below C0; so it is enough to
/// rank EE and EF above F0 to F4:
/// <code>
/// byte   00 .. ED   EE   EF   F0 .. FF
/// rank   00 .. ED   FE   FF   EE .. FD
/// </code>
/// </remarks>
internal readonly struct JavaStringOrder : IByteOrder
{
    private const ulong TopBits = 0x8080_8080_8080_8080;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Rank(ulong bytes)
    {
        // Of a byte from EE on the low seven bits are at least 6E, and adding 12 carries into the top bit; the sum never leaves its byte.
        ulong fromEE = ((bytes & ~TopBits) + 0x1212_1212_1212_1212) & bytes & TopBits;
        return fromEE == 0 ? bytes : RankEach(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAbove(byte left, byte right) =>
        (left | right) < 0xEE ? left > right : RankEach(left) > RankEach(right);

    private static ulong RankEach(ulong bytes)
    {
        ulong ranks = 0;
        for (int shift = 0; shift < 64; shift += 8)
        {
            ulong value = (bytes >> shift) & 0xFF;
            ulong rank = value < 0xEE ? value : value < 0xF0 ? value + 0x10 : value - 2;
            ranks |= rank << shift;
        }

        return ranks;
    }
}
