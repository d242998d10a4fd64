using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public unsafe class HybridDecoderTests
{
    [Fact]
    public void Runs_of_both_kinds_come_back_in_stretches_of_any_length()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            int width = random.Next(1, 33);
            int[] values = Values(random, width, random.Next(1, 2000));
            using var bytes = new GuardedBytes(PlainEncodings.Hybrid(values, width, random));
            var decoder = default(HybridDecoder);
            decoder.Reset(bytes.Pointer, bytes.Length, width);

            int[] back = new int[values.Length];
            for (int at = 0; at < back.Length;)
            {
                int count = Math.Min(back.Length - at, random.Next(1, 100));
                if (width <= 8 && random.Next(2) == 0)
                {
                    byte[] levels = new byte[count];
                    decoder.Read(levels);
                    Array.Copy(levels.Select(level => (int)level).ToArray(), 0, back, at, count);
                }
                else
                {
                    decoder.Read(back.AsSpan(at, count));
                }

                at += count;
            }

            Assert.True(values.AsSpan().SequenceEqual(back), $"seed {seed}, width {width}");
        }
    }

    [Fact]
    public void Width_0_means_zeros_without_end()
    {
        var decoder = default(HybridDecoder);
        decoder.Reset(null, 0, 0);
        int[] values = [1, 2, 3];
        decoder.Read(values);
        Assert.Equal([0, 0, 0], values);
    }

    [Fact]
    public void A_packed_run_that_was_cut_gives_its_whole_values_and_no_more()
    {
        using var bytes = new GuardedBytes([(4 << 1) | 1, 0b11_10_01_00, 0b01]);
        var decoder = default(HybridDecoder);
        decoder.Reset(bytes.Pointer, bytes.Length, 2);
        int[] values = new int[8];
        decoder.Read(values);
        Assert.Equal([0, 1, 2, 3, 1, 0, 0, 0], values);
        Assert.Throws<ParquetFormatException>(() => decoder.Read(values.AsSpan(0, 1)));
    }

    [Fact]
    public void A_repeated_value_wider_than_its_width_is_refused()
    {
        using var bytes = new GuardedBytes([10 << 1, 4]);
        var decoder = default(HybridDecoder);
        decoder.Reset(bytes.Pointer, bytes.Length, 2);
        Assert.Throws<ParquetFormatException>(() => decoder.Read(new int[1].AsSpan()));
    }

    [Fact]
    public void Noise_gives_values_or_an_error_and_touches_nothing_else()
    {
        for (int seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            byte[] noise = new byte[random.Next(0, 40)];
            random.NextBytes(noise);
            using var bytes = new GuardedBytes(noise);
            var decoder = default(HybridDecoder);
            int width = random.Next(0, 33);
            decoder.Reset(bytes.Pointer, bytes.Length, width);
            try
            {
                for (int i = 0; i < 20; i++)
                {
                    decoder.Read(new int[random.Next(1, 200)].AsSpan());
                    if (width <= 8)
                    {
                        decoder.Read(new byte[random.Next(1, 200)].AsSpan());
                    }
                }
            }
            catch (ParquetFormatException)
            {
            }
        }
    }

    private static int[] Values(Random random, int width, int count)
    {
        int[] values = new int[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = i > 0 && random.Next(3) > 0 ? values[i - 1] : (int)(random.NextInt64() & ((1L << width) - 1));
        }

        return values;
    }
}
