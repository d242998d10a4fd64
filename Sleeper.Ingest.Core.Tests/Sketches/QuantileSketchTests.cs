using System.Text;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

public class QuantileSketchTests
{
    public static TheoryData<int, int> SeedsAndKs
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int k in new[] { 2, 4, 16, 64 })
            {
                for (int seed = 0; seed < 8; seed++)
                {
                    data.Add(seed, k);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(SeedsAndKs))]
    public void Longs_give_what_the_description_gives_however_they_are_split(int seed, int k)
    {
        var random = new Random(seed);
        long[] values = Arrange(seed, Enumerable.Range(0, random.Next(40 * k)).Select(_ => Spread(random)).ToArray(), (x, y) => x.CompareTo(y));
        var naive = new NaiveSketch<long>(k, (x, y) => x.CompareTo(y), SketchValues.Item, new JavaRandomBits(seed));
        var sketch = SketchValues.Create(FieldType.Long, k, seed);
        Split(random, values, part =>
        {
            sketch.Update(part);
            foreach (long value in part)
            {
                naive.Add(value);
            }

            Assert.Equal(naive.Image(), SketchValues.Image(sketch));
        });
    }

    [Theory]
    [MemberData(nameof(SeedsAndKs))]
    public void Ints_give_what_longs_give(int seed, int k)
    {
        var random = new Random(seed);
        int[] values = Arrange(seed, Enumerable.Range(0, random.Next(40 * k)).Select(_ => (int)Spread(random)).ToArray(), (x, y) => x.CompareTo(y));
        var longs = SketchValues.Create(FieldType.Int, k, seed);
        longs.Update(values.Select(v => (long)v).ToArray());
        var ints = SketchValues.Create(FieldType.Int, k, seed);
        Split(random, values, part => ints.Update(part));
        Assert.Equal(SketchValues.Image(longs), SketchValues.Image(ints));
    }

    [Theory]
    [MemberData(nameof(SeedsAndKs))]
    public void Strings_give_what_the_description_gives_however_they_are_split(int seed, int k)
    {
        var random = new Random(seed);
        string[] values = Arrange(seed, Enumerable.Range(0, random.Next(40 * k)).Select(_ => Text(random)).ToArray(), string.CompareOrdinal);
        var naive = new NaiveSketch<string>(k, string.CompareOrdinal, s => SketchValues.Item(SketchValues.Utf8(s)), new JavaRandomBits(seed));
        var sketch = SketchValues.Create(FieldType.String, k, seed);
        Split(random, values, part =>
        {
            SketchValues.Update(sketch, [.. part.Select(SketchValues.Utf8)]);
            foreach (string value in part)
            {
                naive.Add(value);
            }

            Assert.Equal(naive.Image(), SketchValues.Image(sketch));
        });
    }

    [Theory]
    [MemberData(nameof(SeedsAndKs))]
    public void Byte_arrays_give_what_the_description_gives_however_they_are_split(int seed, int k)
    {
        var random = new Random(seed);
        byte[][] values = Arrange(seed, Enumerable.Range(0, random.Next(40 * k)).Select(_ => Bytes(random)).ToArray(), SketchValues.CompareSigned);
        var naive = new NaiveSketch<byte[]>(k, SketchValues.CompareSigned, SketchValues.Item, new JavaRandomBits(seed));
        var sketch = SketchValues.Create(FieldType.ByteArray, k, seed);
        Split(random, values, part =>
        {
            SketchValues.Update(sketch, part);
            foreach (byte[] value in part)
            {
                naive.Add(value);
            }

            Assert.Equal(naive.Image(), SketchValues.Image(sketch));
        });
    }

    [Theory]
    [MemberData(nameof(SeedsAndKs))]
    public void Item_32_33_and_34_count_extremes_length_and_weights_hold_for_any_count(int seed, int k)
    {
        var random = new Random(seed);
        long[] values = [.. Enumerable.Range(0, 1 + random.Next(40 * k)).Select(_ => Spread(random))];
        var schema = Schema.Create().RowKey("key", FieldType.Long).Build();
        var set = new SketchSet(schema, k: k);
        set.Update(0, values);
        var sketch = SketchReader.Read(schema, set.ToArray(values.Length))[0];
        Assert.Equal((values.Length, values.Min(), values.Max()), (sketch.Count, sketch.Min.AsLong(), sketch.Max.AsLong()));
        long[] items = Items(set.ToArray(values.Length));
        Assert.Equal(2 + sketch.RetainedCount, items.Length);
        int position = 2 + (values.Length % (2 * k));
        long weight = position - 2;
        for (int level = 0; values.Length / (2 * k) >> level != 0; level++)
        {
            if (((values.Length / (2 * k) >> level) & 1) != 0)
            {
                long[] full = items[position..(position + k)];
                Assert.Equal(full.Order(), full);
                Assert.All(full, v => Assert.Contains(v, values));
                weight += k * (2L << level);
                position += k;
            }
        }

        Assert.Equal((items.Length, values.Length), (position, weight));
    }

    [Fact]
    public void Quantiles_of_a_million_values_are_within_the_promised_error()
    {
        var sketch = SketchValues.Create(FieldType.Int);
        int[] values = [.. Enumerable.Range(0, 1_000_000)];
        new Random(5).Shuffle(values);
        sketch.Update(values);
        for (double rank = 0.01; rank < 1; rank += 0.01)
        {
            Assert.InRange(sketch.Quantile(rank).AsInt(), (rank - 0.004) * values.Length, (rank + 0.004) * values.Length);
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_rank_outside_0_to_1_is_refused(double rank)
    {
        Assert.Throws<ArgumentOutOfRangeException>(nameof(rank), () => SketchValues.Create(FieldType.Int).Quantile(rank));
    }

    [Fact]
    public void Values_come_back_in_the_type_of_the_field()
    {
        var values = new FieldValue[] { 5, 5L, "é\uD83D\uDE00", new byte[] { 0x80 } };
        FieldType[] types = [FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray];
        for (int i = 0; i < types.Length; i++)
        {
            var sketch = SketchValues.Create(types[i]);
            SketchCase.Add(sketch, values[i]);
            Assert.Equal([values[i], values[i], values[i]], [sketch.Min, sketch.Quantile(0.5), sketch.Max]);
        }
    }

    [Theory]
    [InlineData(0, 2, 1)]
    [InlineData(-1, 2, 3)]
    [InlineData(0, 2, 11)]
    [InlineData(3, 2, 1)]
    [InlineData(11, 11, 11, 12)]
    [InlineData(0, int.MinValue, 10)]
    [InlineData(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 9, 9, 10)]
    public void Item_38_values_that_cannot_be_are_refused_and_none_of_their_batch_counted(params int[] offsets)
    {
        var sketch = SketchValues.Create(FieldType.String, k: 2);
        SketchValues.Update(sketch, [[1], [2]]);
        byte[] before = SketchValues.Image(sketch);
        Assert.Throws<ArgumentException>(nameof(offsets), () => sketch.Update(new byte[10], offsets));
        Assert.Equal(before, SketchValues.Image(sketch));
    }

    [Fact]
    public void No_values_are_fine()
    {
        var sketch = SketchValues.Create(FieldType.String);
        sketch.Update([], []);
        sketch.Update([], [0]);
        sketch.Update([1, 2], [2]);
        Assert.True(sketch.IsEmpty);
        SketchValues.Create(FieldType.Long).Update(ReadOnlySpan<long>.Empty);
    }

    [Fact]
    public void Values_of_another_type_and_types_that_are_no_keys_are_refused()
    {
        Assert.Contains("String", Assert.Throws<InvalidOperationException>(() => SketchValues.Create(FieldType.String).Update([1L])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => SketchValues.Create(FieldType.String).Update([1]));
        Assert.Throws<InvalidOperationException>(() => SketchValues.Create(FieldType.Int).Update([1], [0, 1]));
        Assert.Throws<ArgumentException>("type", () => SketchValues.Create(FieldType.List(FieldType.Int)));
        Assert.Throws<ArgumentOutOfRangeException>("k", () => SketchValues.Create(FieldType.Int, k: 1000));
    }

    [Fact]
    public void Memory_is_kept_from_file_to_file_but_not_that_of_long_keys()
    {
        foreach (var type in new[] { FieldType.Long, FieldType.String })
        {
            var sketch = SketchValues.Create(type);
            void Fill()
            {
                sketch.Reset(new JavaRandomBits(3));
                for (int i = 0; i < 20_000; i++)
                {
                    SketchCase.Add(sketch, type == FieldType.Long ? FieldValue.FromLong(i) : FieldValue.FromString($"{i:D5}"));
                }
            }

            Fill();
            long held = sketch.HeldBytes;
            byte[] image = SketchValues.Image(sketch);
            Fill();
            Assert.Equal(held, sketch.HeldBytes);
            Assert.Equal(image, SketchValues.Image(sketch));
        }

        var longKeys = SketchValues.Create(FieldType.ByteArray);
        for (int i = 0; i < 3000; i++)
        {
            SketchCase.Add(longKeys, new byte[4096]);
        }

        Assert.True(longKeys.HeldBytes > 8 << 20, "3,000 keys of 4 KiB leave more than 2,047 of them.");
        longKeys.Reset(new JavaRandomBits(3));
        Assert.True(longKeys.HeldBytes < 1 << 20, $"{longKeys.HeldBytes} bytes are held for nothing.");
    }

    [Fact]
    public void Adding_allocates_nothing_once_the_buffers_are_there()
    {
        long[] longs = [.. Enumerable.Range(0, 50_000).Select(i => (long)i)];
        byte[] data = Encoding.ASCII.GetBytes(string.Concat(longs.Select(i => $"{i:D10}")));
        int[] offsets = [.. Enumerable.Range(0, 50_001).Select(i => i * 10)];
        var ofLongs = SketchValues.Create(FieldType.Long);
        var ofStrings = SketchValues.Create(FieldType.String);
        var bits = new JavaRandomBits(0);
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ofLongs.Reset(bits);
            ofStrings.Reset(bits);
            ofLongs.Update(longs);
            ofStrings.Update(data, offsets);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    private static long[] Items(byte[] file) =>
        [.. Enumerable.Range(0, (file.Length - 20) / 8).Select(i => BitConverter.ToInt64(file, 20 + (8 * i)))];

    private static T[] Arrange<T>(int seed, T[] values, Comparison<T> order)
    {
        switch (seed % 4)
        {
            case 0:
                Array.Sort(values, order);
                break;
            case 1:
                Array.Sort(values, (x, y) => order(y, x));
                break;
            case 2 when seed == 2 && values.Length > 0:
                Array.Fill(values, values[0]);
                break;
            default:
                break;
        }

        return values;
    }

    private static void Split<T>(Random random, T[] values, Action<T[]> add)
    {
        for (int start = 0; start < values.Length;)
        {
            int length = Math.Min(values.Length - start, random.Next(4) == 0 ? random.Next(300) : random.Next(8));
            add(values[start..(start + length)]);
            start += length;
        }
    }

    /// <summary>Near and far values, with repetitions.</summary>
    private static long Spread(Random random) => random.Next(3) switch
    {
        0 => random.Next(-5, 5),
        1 => random.NextInt64(long.MinValue, long.MaxValue),
        _ => random.Next(),
    };

    /// <summary>Texts with long common beginnings, zeros, and characters whose order differs between UTF-8 and UTF-16.</summary>
    private static string Text(Random random)
    {
        string[] parts = ["", "\0", "a", "b", "é", "日", "\uD7FF", "\uE000", "\uFF5E", "\uFFFF", "\uD83D\uDE00", "\uD800\uDC00", "\uDBFF\uDFFF", "the same", "12345678"];
        var text = new StringBuilder(random.Next(3) == 0 ? "a beginning that most of them share: " : "");
        for (int i = random.Next(5); i > 0; i--)
        {
            text.Append(parts[random.Next(parts.Length)]);
        }

        return text.ToString();
    }

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(4) == 0 ? random.Next(70) : random.Next(4)];
        byte[] some = [0, 1, 0x7F, 0x80, 0xFF];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = random.Next(3) == 0 ? some[random.Next(some.Length)] : (byte)0x80;
        }

        return bytes;
    }
}
