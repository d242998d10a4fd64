using Sleeper.Ingest.Core.Parquet.Encodings;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public unsafe class BitPackerTests
{
    [Fact]
    public void Every_width_up_to_64_packs_as_the_plain_version()
    {
        var random = new Random(3);
        for (int width = 1; width <= 64; width++)
        {
            foreach (int count in new[] { 8, 24, 32, 256 })
            {
                ulong mask = ulong.MaxValue >> (64 - width);
                ulong[] values = [.. Enumerable.Range(0, count).Select(i => i % 7 == 0 ? mask : (ulong)random.NextInt64(long.MinValue, long.MaxValue) & mask)];
                byte[] target = new byte[(count * width / 8) + BitPacker.Slack];
                fixed (ulong* source = values)
                fixed (byte* to = target)
                {
                    Assert.Equal(count * width / 8, BitPacker.Pack(source, count, width, to) - to);
                }

                Assert.Equal(BitPacker.PackPlainly(values, width), target[..(count * width / 8)]);
            }
        }
    }

    [Fact]
    public void Every_width_up_to_32_packs_as_the_plain_version()
    {
        var random = new Random(4);
        for (int width = 1; width <= 32; width++)
        {
            foreach (int count in new[] { 8, 24, 32, 256 })
            {
                uint mask = uint.MaxValue >> (32 - width);
                uint[] values = [.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? mask : (uint)random.NextInt64() & mask)];
                byte[] target = new byte[(count * width / 8) + BitPacker.Slack];
                fixed (uint* source = values)
                fixed (byte* to = target)
                {
                    Assert.Equal(count * width / 8, BitPacker.Pack(source, count, width, to) - to);
                }

                Assert.Equal(BitPacker.PackPlainly([.. values.Select(value => (ulong)value)], width), target[..(count * width / 8)]);
            }
        }
    }
}
