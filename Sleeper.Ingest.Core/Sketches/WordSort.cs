using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleeper.Ingest.Core.Sketches;

/// <summary>Sorts a few thousand numbers of 64 bits, alone or with what they stand for.</summary>
/// <remarks>
/// Two passes of a least-significant-digit radix sort (Knuth, volume 3, section 5.2.5) over the 22 bits from the highest bit in which the
/// numbers differ: enough to tell most of 2,048 apart. Those that agree in all of them are then neighbours, and are sorted by comparing; so
/// numbers that are spread badly cost what comparing costs, and little more. Not stable. Takes no memory but 16 KiB of stack.
/// </remarks>
internal static class WordSort
{
    /// <summary>Below so many numbers, clearing and summing the buckets costs more than comparing.</summary>
    public const int FewestForRadix = 256;

    private const int DigitBits = 11;
    private const int Buckets = 1 << DigitBits;
    private const ulong SignBit = 1UL << 63;

    /// <summary>Sorts signed numbers. The scratch space is at least as long.</summary>
    [SkipLocalsInit]
    public static void Sort(Span<long> values, Span<long> scratch)
    {
        if (values.Length < FewestForRadix)
        {
            values.Sort();
            return;
        }

        // With the sign bit turned over, unsigned numbers have the order of the signed ones.
        var words = MemoryMarshal.Cast<long, ulong>(values);
        var passed = MemoryMarshal.Cast<long, ulong>(scratch)[..words.Length];
        Span<int> starts = stackalloc int[2 * Buckets];
        int shift = CountDigits(words, SignBit, starts);
        foreach (ulong word in words)
        {
            passed[starts[LowDigit(word ^ SignBit, shift)]++] = word;
        }

        foreach (ulong word in passed)
        {
            words[starts[HighDigit(word ^ SignBit, shift)]++] = word;
        }

        for (int i = 0; shift > 0 && i < words.Length;)
        {
            int end = RunEnd(words, i, shift);
            if (end - i > 1)
            {
                values[i..end].Sort();
            }

            i = end;
        }
    }

    /// <summary>Sorts unsigned numbers and moves an item with each. The scratch spaces are at least as long.</summary>
    [SkipLocalsInit]
    public static void Sort(Span<ulong> words, Span<int> items, Span<ulong> wordScratch, Span<int> itemScratch)
    {
        if (words.Length < FewestForRadix)
        {
            words.Sort(items);
            return;
        }

        Span<int> starts = stackalloc int[2 * Buckets];
        int shift = CountDigits(words, 0, starts);
        for (int i = 0; i < words.Length; i++)
        {
            int place = starts[LowDigit(words[i], shift)]++;
            wordScratch[place] = words[i];
            itemScratch[place] = items[i];
        }

        for (int i = 0; i < words.Length; i++)
        {
            int place = starts[HighDigit(wordScratch[i], shift)]++;
            words[place] = wordScratch[i];
            items[place] = itemScratch[i];
        }

        for (int i = 0; shift > 0 && i < words.Length;)
        {
            int end = RunEnd(words, i, shift);
            if (end - i > 1)
            {
                words[i..end].Sort(items[i..end]);
            }

            i = end;
        }
    }

    /// <summary>Finds the lowest bit of the two digits, and the place where the numbers of each digit begin: low digits first, then high ones.</summary>
    private static int CountDigits(ReadOnlySpan<ulong> words, ulong flip, Span<int> starts)
    {
        ulong differing = 0;
        foreach (ulong word in words)
        {
            differing |= word ^ words[0];
        }

        int shift = Math.Max(0, 64 - BitOperations.LeadingZeroCount(differing) - (2 * DigitBits));
        starts.Clear();
        foreach (ulong word in words)
        {
            starts[LowDigit(word ^ flip, shift)]++;
            starts[HighDigit(word ^ flip, shift)]++;
        }

        SumUp(starts[..Buckets]);
        SumUp(starts[Buckets..]);
        return shift;
    }

    private static void SumUp(Span<int> counts)
    {
        int start = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            (counts[i], start) = (start, start + counts[i]);
        }
    }

    /// <summary>The end of the run of neighbours that no digit tells apart.</summary>
    private static int RunEnd(ReadOnlySpan<ulong> words, int start, int shift)
    {
        int end = start + 1;
        while (end < words.Length && words[end] >> shift == words[start] >> shift)
        {
            end++;
        }

        return end;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LowDigit(ulong word, int shift) => (int)(word >> shift) & (Buckets - 1);

    /// <summary>As an index behind those of the low digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int HighDigit(ulong word, int shift) => Buckets + ((int)(word >> (shift + DigitBits)) & (Buckets - 1));
}
