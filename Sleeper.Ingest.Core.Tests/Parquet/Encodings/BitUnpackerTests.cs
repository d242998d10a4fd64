using Sleeper.Ingest.Core.Parquet.Encodings;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public unsafe class BitUnpackerTests
{
    [Fact]
    public void Every_width_unpacks_from_every_place()
    {
        for (int width = 1; width <= 64; width++)
        {
            var random = new Random(width);
            ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
            ulong[] values = [.. Enumerable.Range(0, 67).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) & mask)];
            using var packed = new GuardedBytes(PlainEncodings.Pack(values, width));
            byte* limit = packed.Pointer + packed.Length;
            for (int from = 0; from < values.Length; from++)
            {
                int count = random.Next(0, values.Length - from + 1);
                ulong[] expected = values[from..(from + count)];
                long bit = (long)from * width;

                ulong[] wide = new ulong[count];
                fixed (ulong* target = wide)
                {
                    BitUnpacker.Unpack(packed.Pointer, limit, bit, width, target, count);
                }

                Assert.Equal(expected, wide);
                if (width <= 32)
                {
                    int[] ints = new int[count];
                    fixed (int* target = ints)
                    {
                        BitUnpacker.Unpack(packed.Pointer, limit, bit, width, target, count);
                    }

                    int[] oneByOne = new int[count];
                    fixed (int* target = oneByOne)
                    {
                        BitUnpacker.UnpackOneByOne(packed.Pointer, limit, bit, width, target, count);
                    }

                    Assert.Equal(expected, ints.Select(value => (ulong)(uint)value));
                    Assert.Equal(ints, oneByOne);
                }

                if (width <= 8)
                {
                    byte[] bytes = new byte[count];
                    fixed (byte* target = bytes)
                    {
                        BitUnpacker.Unpack(packed.Pointer, limit, bit, width, target, count);
                    }

                    Assert.Equal(expected, bytes.Select(value => (ulong)value));
                }
            }
        }
    }
}
