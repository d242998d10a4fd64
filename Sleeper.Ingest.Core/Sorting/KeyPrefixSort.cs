using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Sorting;

/// <summary>Orders entries by the highest bits of their prefixes: a stable radix sort from the lowest digit on.</summary>
/// <remarks>
/// Only bits in which the prefixes differ are counted: letters take five bits a byte then, small numbers no more than they need. About
/// log2(count) + 2 of these bits tell random keys apart well enough, and finishing the rest by insertion is cheaper than another pass over
/// all entries. The bits of a digit are gathered with one instruction (PEXT) where the processor is quick at it; otherwise a digit is a plain
/// slice of the prefix, bits in common included.
/// Entries that are in order already, or in reverse order, cost one sweep.
/// </remarks>
internal static unsafe class KeyPrefixSort
{
    /// <summary>Up to here insertion is quicker than counting.</summary>
    public const int FewEntries = 24;

    /// <summary>How many counters a sort needs, for all its passes.</summary>
    public const int HistogramLength = MaxPasses << MaxDigitBits;

    /// <summary>2,048 counters of 4 bytes, and as many places of writing, still do well in the caches of the first and second level.</summary>
    private const int MaxDigitBits = 11;

    private const int MaxPasses = 3;

    private const int SpareBits = 2;

    /// <summary>
    /// Orders the entries by those bits that the returned mask has set; entries that agree there keep their order. All bits set means that
    /// they are in the order of their whole prefixes.
    /// </summary>
    public static ulong Sort(RowEntry* entries, RowEntry* scratch, int count, uint* histograms) => Sort(entries, scratch, count, histograms, BitGathering.IsQuick);

    /// <summary>As above, with the way of taking digits given, so that tests see both.</summary>
    internal static ulong Sort(RowEntry* entries, RowEntry* scratch, int count, uint* histograms, bool gathersBits)
    {
        if (IsInOrder(entries, count) || TryReverse(entries, count))
        {
            return ulong.MaxValue;
        }

        if (count <= FewEntries)
        {
            SortByInsertion(entries, count);
            return ulong.MaxValue;
        }

        ulong varying = VaryingBits(entries, count);
        int wantedBits = WantedBits(count);
        ulong mask = gathersBits ? HighestBits(varying, wantedBits) : HighestSlice(varying, wantedBits);
        SortByMask(entries, scratch, count, histograms, mask, gathersBits);
        return (varying & ~mask) == 0 ? ulong.MaxValue : mask;
    }

    /// <summary>So many bits tell so many random keys apart well enough.</summary>
    public static int WantedBits(int count) => Math.Min(BitOperations.Log2((uint)count) + 1 + SpareBits, MaxPasses * MaxDigitBits);

    /// <summary>Orders a few entries by their whole prefixes, stably.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SortByInsertion(RowEntry* entries, int count)
    {
        for (nint i = 1; i < count; i++)
        {
            RowEntry entry = entries[i];
            nint hole = i;
            while (hole > 0 && entries[hole - 1].Prefix > entry.Prefix)
            {
                entries[hole] = entries[hole - 1];
                hole--;
            }

            entries[hole] = entry;
        }
    }

    /// <summary>True if the prefixes never fall, or never rise.</summary>
    public static bool IsInOrderOrReverse(RowEntry* entries, int count) => IsInOrder(entries, count) || IsInReverse(entries, count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsInOrder(RowEntry* entries, int count)
    {
        ulong previous = entries[0].Prefix;
        for (nint i = 1; i < count; i++)
        {
            ulong current = entries[i].Prefix;
            if (current < previous)
            {
                return false;
            }

            previous = current;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsInReverse(RowEntry* entries, int count)
    {
        for (nint i = 1; i < count; i++)
        {
            if (entries[i].Prefix > entries[i - 1].Prefix)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Turns entries round that never rise. Ties among them must keep their order, so each of these is turned once more.</summary>
    private static bool TryReverse(RowEntry* entries, int count)
    {
        if (!IsInReverse(entries, count))
        {
            return false;
        }

        new Span<RowEntry>(entries, count).Reverse();
        int start = 0;
        for (int i = 1; i <= count; i++)
        {
            if (i == count || entries[i].Prefix != entries[start].Prefix)
            {
                new Span<RowEntry>(entries + start, i - start).Reverse();
                start = i;
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong VaryingBits(RowEntry* entries, int count)
    {
        ulong union = 0;
        ulong intersection = ulong.MaxValue;
        for (nint i = 0; i < count; i++)
        {
            ulong prefix = entries[i].Prefix;
            union |= prefix;
            intersection &= prefix;
        }

        return union & ~intersection;
    }

    /// <summary>The highest <paramref name="count"/> bits that are set.</summary>
    private static ulong HighestBits(ulong bits, int count)
    {
        for (int surplus = BitOperations.PopCount(bits) - count; surplus > 0; surplus--)
        {
            bits &= bits - 1;
        }

        return bits;
    }

    /// <summary>A slice without gaps that holds the highest <paramref name="count"/> bits that are set, or as many as fit in three digits.</summary>
    private static ulong HighestSlice(ulong bits, int count)
    {
        int high = 64 - BitOperations.LeadingZeroCount(bits);
        int low = Math.Max(BitOperations.TrailingZeroCount(HighestBits(bits, count)), high - (MaxPasses * MaxDigitBits));
        return (ulong.MaxValue >> (64 - high)) & (ulong.MaxValue << low);
    }

    private static void SortByMask(RowEntry* entries, RowEntry* scratch, int count, uint* histograms, ulong mask, bool gathersBits)
    {
        int bits = BitOperations.PopCount(mask);
        int passes = (bits + MaxDigitBits - 1) / MaxDigitBits;
        int digitBits = (bits + passes - 1) / passes;
        Debug.Assert(passes <= MaxPasses && digitBits <= MaxDigitBits, "The histograms have room for three passes.");
        if (gathersBits)
        {
            ulong* digits = stackalloc ulong[MaxPasses];
            for (int pass = 0; pass < passes; pass++)
            {
                ulong rest = HighestBits(mask, Math.Max(0, BitOperations.PopCount(mask) - digitBits));
                digits[pass] = mask & ~rest;
                mask = rest;
            }

            SortByDigits<GatheredDigit>(entries, scratch, count, histograms, passes, digits);
        }
        else
        {
            int shift = BitOperations.TrailingZeroCount(mask);
            ulong* digits = stackalloc ulong[MaxPasses];
            for (int pass = 0; pass < passes; pass++)
            {
                int width = Math.Min(digitBits, bits - (pass * digitBits));
                digits[pass] = ((ulong)width << 8) | (uint)(shift + (pass * digitBits));
            }

            SortByDigits<SlicedDigit>(entries, scratch, count, histograms, passes, digits);
        }
    }

    private static void SortByDigits<TDigit>(RowEntry* entries, RowEntry* scratch, int count, uint* histograms, int passes, ulong* digits)
        where TDigit : struct, IDigit
    {
        new Span<uint>(histograms, passes << MaxDigitBits).Clear();
        Count<TDigit>(entries, count, histograms, passes, digits);
        RowEntry* from = entries;
        RowEntry* to = scratch;
        for (int pass = 0; pass < passes; pass++)
        {
            uint* places = histograms + (pass << MaxDigitBits);
            SumUp(places);
            Scatter<TDigit>(from, to, count, places, digits[pass]);
            RowEntry* swapped = from;
            from = to;
            to = swapped;
        }

        if (from != entries)
        {
            new ReadOnlySpan<RowEntry>(from, count).CopyTo(new Span<RowEntry>(entries, count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count<TDigit>(RowEntry* entries, int count, uint* histograms, int passes, ulong* digits)
        where TDigit : struct, IDigit
    {
        uint* second = histograms + (1 << MaxDigitBits);
        uint* third = histograms + (2 << MaxDigitBits);
        ulong firstDigit = digits[0];
        ulong secondDigit = passes > 1 ? digits[1] : 0;
        ulong thirdDigit = passes > 2 ? digits[2] : 0;
        if (passes == 3)
        {
            for (nint i = 0; i < count; i++)
            {
                ulong prefix = entries[i].Prefix;
                histograms[TDigit.Of(prefix, firstDigit)]++;
                second[TDigit.Of(prefix, secondDigit)]++;
                third[TDigit.Of(prefix, thirdDigit)]++;
            }
        }
        else if (passes == 2)
        {
            for (nint i = 0; i < count; i++)
            {
                ulong prefix = entries[i].Prefix;
                histograms[TDigit.Of(prefix, firstDigit)]++;
                second[TDigit.Of(prefix, secondDigit)]++;
            }
        }
        else
        {
            for (nint i = 0; i < count; i++)
            {
                histograms[TDigit.Of(entries[i].Prefix, firstDigit)]++;
            }
        }
    }

    /// <summary>Turns counts into the places of the first entry of each digit.</summary>
    private static void SumUp(uint* histogram)
    {
        uint sum = 0;
        for (nint i = 0; i < 1 << MaxDigitBits; i++)
        {
            uint count = histogram[i];
            histogram[i] = sum;
            sum += count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter<TDigit>(RowEntry* from, RowEntry* to, int count, uint* places, ulong digit)
        where TDigit : struct, IDigit
    {
        for (nint i = 0; i < count; i++)
        {
            RowEntry entry = from[i];
            nuint value = TDigit.Of(entry.Prefix, digit);
            uint place = places[value];
            places[value] = place + 1;
            to[place] = entry;
        }
    }

    private interface IDigit
    {
        static abstract nuint Of(ulong prefix, ulong digit);
    }

    /// <summary>A digit is given as the mask of its bits.</summary>
    private readonly struct GatheredDigit : IDigit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nuint Of(ulong prefix, ulong digit) =>
            Bmi2.X64.IsSupported ? (nuint)Bmi2.X64.ParallelBitExtract(prefix, digit) : throw new PlatformNotSupportedException();
    }

    /// <summary>A digit is given as its width, times 256, plus the place of its lowest bit.</summary>
    private readonly struct SlicedDigit : IDigit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nuint Of(ulong prefix, ulong digit) =>
            (nuint)((prefix >> (int)(digit & 63)) & ((1UL << (int)(digit >> 8)) - 1));
    }
}
