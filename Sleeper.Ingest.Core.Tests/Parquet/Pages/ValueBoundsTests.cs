using Sleeper.Ingest.Core.Parquet.Pages;

namespace Sleeper.Ingest.Core.Tests.Parquet.Pages;

public class ValueBoundsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Bounds_of_bytes_are_those_of_plain_comparison(int seed)
    {
        var random = new Random(seed);
        byte[] letters = [0x00, 0x01, 0x61, 0x7F, 0x80, 0xFF];
        for (int round = 0; round < 500; round++)
        {
            int count = random.Next(1, 60);
            int[] offsets = new int[count + 1];
            offsets[0] = random.Next(3);
            for (int i = 1; i <= count; i++)
            {
                offsets[i] = offsets[i - 1] + random.Next(0, 14);
            }

            byte[] bytes = new byte[offsets[count] + random.Next(2)];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = letters[random.Next(random.Next(1, letters.Length + 1))];
            }

            (int low, int high) = ValueBounds.OfBytes(bytes, offsets);
            (int lowPlain, int highPlain) = ValueBounds.OfBytesPlainly(bytes, offsets);
            Assert.Equal(bytes[offsets[lowPlain]..offsets[lowPlain + 1]], bytes[offsets[low]..offsets[low + 1]]);
            Assert.Equal(bytes[offsets[highPlain]..offsets[highPlain + 1]], bytes[offsets[high]..offsets[high + 1]]);
        }
    }

    [Fact]
    public void Bounds_of_numbers_are_signed_at_every_length()
    {
        var random = new Random(4);
        for (int length = 1; length < 70; length++)
        {
            long[] longs = [.. Enumerable.Range(0, length).Select(_ => random.NextInt64(long.MinValue, long.MaxValue))];
            int[] ints = [.. longs.Select(value => (int)value)];
            Assert.Equal((longs.Min(), longs.Max()), ValueBounds.OfNumbers<long>(longs));
            Assert.Equal((ints.Min(), ints.Max()), ValueBounds.OfNumbers<int>(ints));
        }
    }
}
