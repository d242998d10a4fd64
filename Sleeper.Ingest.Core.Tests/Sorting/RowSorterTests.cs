using System.Text;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sorting;

public unsafe class RowSorterTests
{
    [Fact]
    public void Sort_equals_a_naive_stable_sort_for_random_keys()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 400; round++)
        {
            int count = random.Next(3) switch { 0 => random.Next(30), 1 => random.Next(300), _ => random.Next(5000) };
            AssertSorts(SampleRows.RandomKeys(random, count), $"seed {seed}, round {round}");
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(2_000)]
    [InlineData(70_000)]
    public void Equal_keys_keep_their_order_of_arrival(int count)
    {
        AssertSorts(Keys(count, i => $"same key of more than eight bytes"), "all equal");
        AssertSorts(Keys(count, i => i % 2 == 0 ? "second one, long" : "first one, long"), "two keys");
        AssertSorts(Keys(count, i => $"a common start of forty bytes, to be skipped {i % 7}"), "seven keys");
    }

    [Fact]
    public void Empty_keys_keep_their_order_of_arrival() => AssertSorts(Keys(1_000, _ => ""), "empty");

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(5_000)]
    public void Sorted_reverse_and_saw_tooth_input_is_sorted(int count)
    {
        AssertSorts(Keys(count, i => $"{i / 3:D9}"), "sorted");
        AssertSorts(Keys(count, i => $"{(count - i) / 3:D9}"), "reverse with ties");
        AssertSorts(Keys(count, i => $"{i % 100:D9}"), "saw tooth");
        AssertSorts(Keys(count, i => $"{(i < count - 1 ? i + 1 : 0):D9}"), "last one first");
        AssertSorts(Keys(count, i => $"{i % 2 * 500000 + i:D8}{count - i}\0\0"), "interleaved");
    }

    [Fact]
    public void Reverse_input_costs_no_radix_pass_and_sorted_input_neither()
    {
        const int Count = 10_000;
        Assert.True(Visits(Keys(Count, i => $"{i:D8}")) <= 2 * Count);
        Assert.True(Visits(Keys(Count, i => $"{Count - i:D8}")) <= 2 * Count);
    }

    [Fact]
    public void Equal_keys_cost_no_more_sweeps_than_random_ones()
    {
        const int Count = 20_000;
        var random = new Random(5);
        long randomVisits = Visits(Keys(Count, _ => $"{random.NextInt64():X16}{random.NextInt64():X16}"));
        long equalVisits = Visits(Keys(Count, _ => new string('e', 4_000)));
        Assert.InRange(randomVisits, 1, 4 * Count);
        Assert.InRange(equalVisits, 1, 6 * Count);
    }

    [Fact]
    public void Long_common_start_costs_few_sweeps()
    {
        const int Count = 20_000;
        var random = new Random(5);
        string start = new('s', 4_000);
        Assert.InRange(Visits(Keys(Count, _ => $"{start}{random.NextInt64():X16}")), 1, 10 * Count);
    }

    [Fact]
    public void A_number_behind_a_text_that_all_rows_share_is_ordered_in_one_go()
    {
        const int Count = 200_000;
        var random = new Random(5);
        List<byte[]> keys = [.. Enumerable.Range(0, Count).Select(_ => (byte[])[.. "elevenequal"u8, 0, 0x80, 0, 0, .. BitConverter.GetBytes(random.NextInt64())[..5]])];
        AssertSorts(keys, "numbers");

        // Two sweeps at the start, two that load and two that sort; eight if the bytes from the eighth on are sorted by before those behind them.
        Assert.InRange(Visits(keys), 1, 7 * Count);
    }

    [Fact]
    public void Long_equal_starts_of_different_lengths_cost_no_more_than_their_bytes_and_no_stack()
    {
        const int Count = 3_000;
        List<byte[]> keys = Keys(Count, i => new string('x', (i * 7919) % Count * 8) + "\0\0");
        long keyBytes = keys.Sum(key => (long)key.Length);
        Assert.InRange(Visits(keys), 1, 6 * (Count + (keyBytes / 8)));
    }

    [Fact]
    public void Few_outliers_that_make_all_bits_vary_cost_few_sweeps()
    {
        const int Count = 50_000;
        var random = new Random(3);
        List<byte[]> keys = Keys(Count, _ => "");
        for (int i = 0; i < Count; i++)
        {
            ulong value = i % 1_000 == 0 ? 1UL << random.Next(64) : (ulong)random.Next(1 << 20);
            keys[i] = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value));
        }

        AssertSorts(keys, "outliers");
        Assert.InRange(Visits(keys), 1, 10 * Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_ways_of_taking_digits_order_by_their_mask_and_are_stable(bool gathersBits)
    {
        if (gathersBits && !System.Runtime.Intrinsics.X86.Bmi2.X64.IsSupported)
        {
            Assert.Skip("This processor has no PEXT.");
        }

        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            int count = random.Next(2, 20_000);
            var sample = new RowEntry[count];
            ulong allowed = (ulong)random.NextInt64() & (random.Next(2) == 0 ? ulong.MaxValue : (ulong)random.NextInt64());
            for (int i = 0; i < count; i++)
            {
                sample[i] = new RowEntry { Prefix = ((ulong)random.NextInt64() << 1) & allowed, Row = (byte*)i };
            }

            AssertOrdersByMask(sample, gathersBits, $"seed {seed}, round {round}");
        }
    }

    private static void AssertOrdersByMask(RowEntry[] sample, bool gathersBits, string what)
    {
        var scratch = new RowEntry[sample.Length];
        var histograms = new uint[KeyPrefixSort.HistogramLength];
        ulong mask;
        fixed (RowEntry* entries = sample, room = scratch)
        fixed (uint* counters = histograms)
        {
            mask = KeyPrefixSort.Sort(entries, room, sample.Length, counters, gathersBits);
        }

        for (int i = 1; i < sample.Length; i++)
        {
            ulong left = sample[i - 1].Prefix & mask;
            ulong right = sample[i].Prefix & mask;
            Assert.True(left < right || (left == right && sample[i - 1].Row < sample[i].Row), what);
        }

        Assert.Equal(sample.Length, sample.Select(entry => (nint)entry.Row).Distinct().Count());
    }

    private static List<byte[]> Keys(int count, Func<int, string> key) => Enumerable.Range(0, count).Select(i => Encoding.Latin1.GetBytes(key(i))).ToList();

    private static long Visits(List<byte[]> keys)
    {
        using var rows = new SampleRows(keys);
        using var scratch = new NativeBuffer(Math.Max(1, keys.Count) * sizeof(RowEntry));
        return RowSorter.SortAndCount(rows.Entries, (RowEntry*)scratch.Pointer, rows.Count);
    }

    private static void AssertSorts(List<byte[]> keys, string what)
    {
        using var rows = new SampleRows(keys);
        using var scratch = new NativeBuffer(Math.Max(1, keys.Count) * sizeof(RowEntry));
        Assert.Equal(keys.Count, rows.Count);
        RowSorter.Sort(rows.Entries, (RowEntry*)scratch.Pointer, rows.Count);
        int[] expected = SampleRows.NaiveOrder(keys);
        for (int i = 0; i < expected.Length; i++)
        {
            byte* row = rows.Entries[i].Row;
            Assert.True(expected[i] == SampleRows.NumberOf(row), $"{what}: place {i} of {expected.Length} has row {SampleRows.NumberOf(row)}, expected {expected[i]}");
            ReadOnlySpan<byte> key = SampleRows.KeyOf(row);
            fixed (byte* bytes = key)
            {
                Assert.True(RowFormat.KeyPrefix(bytes, key.Length, 0) == rows.Entries[i].Prefix, $"{what}: the prefix at place {i} is not restored");
            }
        }
    }
}
