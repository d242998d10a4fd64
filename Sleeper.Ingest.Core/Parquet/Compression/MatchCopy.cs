using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sleeper.Ingest.Core.Parquet.Compression;

/// <summary>The two copies that Snappy and LZ4 are made of: literal bytes, and a match with what was written a little before.</summary>
/// <remarks>The caller has checked that source and target lie inside their buffers; the extra bytes that a wide store may touch are checked here.</remarks>
internal static unsafe class MatchCopy
{
    /// <summary>Widest store past the end of a copy: copies go in steps of 16 bytes while that much room is left.</summary>
    private const int Step = 16;

    /// <summary>
    /// Copies <paramref name="length"/> bytes from <paramref name="distance"/> bytes before <paramref name="target"/>. The two may overlap:
    /// then the bytes repeat, as the formats demand.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Match(byte* target, int distance, int length, byte* targetLimit)
    {
        byte* source = target - distance;
        if (distance >= Step && targetLimit - target >= length + Step)
        {
            byte* end = target + length;
            do
            {
                Vector128.Load(source).Store(target);
                source += Step;
                target += Step;
            }
            while (target < end);
        }
        else
        {
            MatchSlow(target, distance, length, targetLimit);
        }
    }

    private static void MatchSlow(byte* target, int distance, int length, byte* targetLimit)
    {
        byte* source = target - distance;
        byte* end = target + length;
        if (distance < Step && length > Step && targetLimit - target >= length + Step)
        {
            // A pattern shorter than a step: write it out until the distance is at least a step, then copy in steps. Every multiple of the
            // distance repeats the same pattern.
            int wide = distance;
            while (wide < Step)
            {
                wide += distance;
            }

            byte* patternEnd = target + wide;
            while (target < patternEnd && target < end)
            {
                *target++ = *source++;
            }

            source = target - wide;
            while (target < end)
            {
                Vector128.Load(source).Store(target);
                source += Step;
                target += Step;
            }

            return;
        }

        while (target < end)
        {
            *target++ = *source++;
        }
    }

    /// <summary>The count of equal bytes at <paramref name="left"/> and <paramref name="right"/>, as far as <paramref name="rightLimit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EqualLength(byte* left, byte* right, byte* rightLimit)
    {
        byte* start = right;
        while (rightLimit - right >= 8)
        {
            ulong difference = Unsafe.ReadUnaligned<ulong>(left) ^ Unsafe.ReadUnaligned<ulong>(right);
            if (difference != 0)
            {
                return (int)(right - start) + (System.Numerics.BitOperations.TrailingZeroCount(difference) >> 3);
            }

            left += 8;
            right += 8;
        }

        while (right < rightLimit && *left == *right)
        {
            left++;
            right++;
        }

        return (int)(right - start);
    }
}
