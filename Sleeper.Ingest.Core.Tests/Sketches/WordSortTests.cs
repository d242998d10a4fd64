using Sleeper.Ingest.Core.Sketches;

namespace Sleeper.Ingest.Core.Tests.Sketches;

public class WordSortTests
{
    private static readonly int[] Lengths = [0, 1, 2, WordSort.FewestForRadix - 1, WordSort.FewestForRadix, 2048, 5000];

    public static TheoryData<int, string> Cases
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (int length in Lengths)
            {
                foreach (string spread in new[] { "all bits", "low bits", "two values", "one value", "far out", "high bits", "around zero", "middle bits", "descending" })
                {
                    data.Add(length, spread);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Numbers_are_sorted_however_they_are_spread(int length, string spread)
    {
        var random = new Random(length);
        long[] values = [.. Enumerable.Range(0, length).Select(i => Value(random, spread, i))];
        long[] expected = [.. values.Order()];
        WordSort.Sort(values, new long[length]);
        Assert.Equal(expected, values);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Items_move_with_their_numbers(int length, string spread)
    {
        var random = new Random(length);
        ulong[] words = [.. Enumerable.Range(0, length).Select(i => (ulong)Value(random, spread, i))];
        int[] items = [.. Enumerable.Range(0, length)];
        ulong[] before = [.. words];
        WordSort.Sort(words, items, new ulong[length], new int[length]);
        Assert.Equal(before.Order(), words);
        Assert.Equal(words, items.Select(i => before[i]));
        Assert.Equal(Enumerable.Range(0, length), items.Order());
    }

    private static long Value(Random random, string spread, int i) => spread switch
    {
        "all bits" => random.NextInt64(long.MinValue, long.MaxValue),
        "low bits" => random.Next(2000),
        "two values" => random.Next(2) == 0 ? long.MinValue : long.MaxValue,
        "one value" => -77,
        "far out" => i == 3 ? long.MaxValue : random.Next(100_000),
        "high bits" => (long)random.Next() << 33,
        "around zero" => random.Next(-50_000, 50_000),
        "middle bits" => 0x7F00_0000_0000_0055 | ((long)random.Next() << 20),
        _ => 1_000_000_000_000L - (i * 1_000_003L),
    };
}
