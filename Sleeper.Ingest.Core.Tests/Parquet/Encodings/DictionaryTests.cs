using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public class DictionaryTests
{
    /// <summary>Around the 32 and 64 bytes that are hashed and compared at once.</summary>
    private static readonly int[] Lengths = [0, 1, 3, 4, 7, 8, 9, 16, 31, 32, 33, 40, 63, 64, 65, 100, 127, 128, 129, 200];

    [Fact]
    internal void Byte_arrays_get_indexes_in_the_order_in_which_they_are_met()
    {
        var random = new Random(5);
        var dictionary = new BytesDictionary();
        for (int round = 0; round < 100; round++)
        {
            int longest = random.Next(Lengths.Length);
            byte[][] pool = [.. Enumerable.Range(0, random.Next(1, 700)).Select(_ => Value(random, longest))];
            var expected = new Dictionary<string, int>();
            dictionary.Clear();
            for (int page = 0; page < 3; page++)
            {
                int before = dictionary.Count;
                byte[][] values = [.. Enumerable.Range(0, random.Next(0, 800)).Select(_ => pool[random.Next(pool.Length)])];
                if (random.Next(3) == 0)
                {
                    // A page that is given up leaves nothing behind.
                    Find(dictionary, values);
                    dictionary.Truncate(before);
                }

                int[] indexes = Find(dictionary, values);
                Assert.Equal(values.Select(v => IndexOf(expected, Convert.ToHexString(v))), indexes);
                Assert.Equal(expected.Count, dictionary.Count);
            }

            var output = new ByteBuffer();
            dictionary.WritePlain(withLengths: false, output);
            Assert.Equal(string.Concat(expected.OrderBy(e => e.Value).Select(e => e.Key)), Convert.ToHexString(output.WrittenSpan));
        }
    }

    [Fact]
    internal void Byte_arrays_that_differ_in_one_bit_are_different()
    {
        foreach (int length in Lengths.Where(l => l > 0))
        {
            byte[][] values = [.. Enumerable.Range(0, length * 8).Select(bit => OneBit(length, bit)), new byte[length], new byte[length - 1]];
            Assert.Equal(Enumerable.Range(0, values.Length), Find(new BytesDictionary(), values));
        }
    }

    [Fact]
    internal void Numbers_get_indexes_in_the_order_in_which_they_are_met()
    {
        var random = new Random(6);
        var dictionary = new LongDictionary();
        for (int round = 0; round < 100; round++)
        {
            int different = random.Next(1, 900);
            var expected = new Dictionary<long, int>();
            dictionary.Clear();
            for (int page = 0; page < 3; page++)
            {
                int before = dictionary.Count;
                int[] values = [.. Enumerable.Range(0, random.Next(0, 800)).Select(_ => (random.Next(different) - 9) * 0x10001)];
                int[] indexes = new int[values.Length];
                if (random.Next(3) == 0)
                {
                    dictionary.FindIndexes(values, indexes);
                    dictionary.Truncate(before);
                }

                if (random.Next(2) == 0)
                {
                    dictionary.FindIndexes(values, indexes);
                }
                else
                {
                    dictionary.FindIndexes([.. values.Select(v => (long)v)], indexes);
                }

                Assert.Equal(values.Select(v => IndexOf(expected, v)), indexes);
                Assert.Equal(expected.Count, dictionary.Count);
            }
        }
    }

    private static int IndexOf<T>(Dictionary<T, int> expected, T value)
        where T : notnull
    {
        expected.TryAdd(value, expected.Count);
        return expected[value];
    }

    private static unsafe int[] Find(BytesDictionary dictionary, byte[][] values)
    {
        // Nothing may be read behind the last value.
        using var bytes = new GuardedBytes([.. values.SelectMany(v => v)]);
        int[] offsets = new int[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            offsets[i + 1] = offsets[i] + values[i].Length;
        }

        int[] indexes = new int[values.Length];
        dictionary.FindIndexes(new ReadOnlySpan<byte>(bytes.Pointer, bytes.Length), offsets, indexes);
        return indexes;
    }

    private static byte[] Value(Random random, int longest)
    {
        byte[] value = new byte[Lengths[random.Next(longest + 1)]];
        for (int i = 0; i < value.Length; i++)
        {
            value[i] = (byte)random.Next(3);
        }

        return value;
    }

    private static byte[] OneBit(int length, int bit)
    {
        byte[] value = new byte[length];
        value[bit / 8] = (byte)(1 << (bit % 8));
        return value;
    }
}
