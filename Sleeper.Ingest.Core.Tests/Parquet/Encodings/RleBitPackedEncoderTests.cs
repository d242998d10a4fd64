using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Encodings;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

public class RleBitPackedEncoderTests
{
    /// <summary>Around groups of 8, and around the 58 and 64 values that are looked at together.</summary>
    private static readonly int[] RunLengths = [1, 1, 1, 2, 3, 6, 7, 8, 9, 14, 15, 16, 17, 23, 24, 31, 33, 56, 57, 58, 59, 63, 64, 65, 66, 127, 129, 300];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Levels_give_the_bytes_of_the_plain_way(int width)
    {
        var random = new Random(width);
        for (int round = 0; round < 2000; round++)
        {
            int[] values = Values(random, 1 << width);
            Assert.Equal(EncodePlainly(values, width), Encode(output => RleBitPackedEncoder.EncodeLevels([.. values.Select(v => (byte)v)], width, output)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(20)]
    public void Indexes_give_the_bytes_of_the_plain_way(int width)
    {
        var random = new Random(width);
        for (int round = 0; round < 500; round++)
        {
            int[] values = Values(random, 1 << width);
            Assert.Equal(EncodePlainly(values, width), Encode(output => RleBitPackedEncoder.EncodeIndexes(values, width, output)));
        }
    }

    private static int[] Values(Random random, int end)
    {
        int count = random.Next(0, 400);
        int rareness = random.Next(1, 6);
        var values = new List<int>();
        while (values.Count < count)
        {
            int run = random.Next(rareness) == 0 ? RunLengths[random.Next(RunLengths.Length)] : random.Next(1, 4);
            values.AddRange(Enumerable.Repeat(random.Next(end), run));
        }

        return [.. values.Take(count)];
    }

    /// <summary>Value by value and bit by bit.</summary>
    private static string EncodePlainly(int[] values, int width)
    {
        var output = new ByteBuffer();
        int packedFrom = 0;
        for (int at = 0; at < values.Length;)
        {
            int run = values.Skip(at).TakeWhile(v => v == values[at]).Count();
            int fill = (8 - ((at - packedFrom) % 8)) % 8;
            if (run - fill >= 8)
            {
                Pack(values[packedFrom..(at + fill)]);
                output.AppendVarInt((ulong)(run - fill) << 1);
                output.Append(BitConverter.GetBytes(values[at]).AsSpan(0, (width + 7) / 8));
                packedFrom = at + run;
            }

            at += run;
        }

        Pack(values[packedFrom..]);
        return Convert.ToHexString(output.WrittenSpan);

        void Pack(int[] packed)
        {
            if (packed.Length > 0)
            {
                ulong[] whole = [.. packed.Select(v => (ulong)v), .. new ulong[(8 - (packed.Length % 8)) % 8]];
                output.AppendVarInt(((ulong)whole.Length / 8 << 1) | 1);
                output.Append(BitPacker.PackPlainly(whole, width));
            }
        }
    }

    private static string Encode(Action<ByteBuffer> encode)
    {
        var output = new ByteBuffer(0);
        encode(output);
        return Convert.ToHexString(output.WrittenSpan);
    }
}
