using System.Text;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Encodings;

namespace Sleeper.Ingest.Core.Tests.Parquet.Encodings;

/// <summary>Bytes worked out by hand from the format's description.</summary>
public class EncoderBytesTests
{
    [Fact]
    public void Delta_binary_packed()
    {
        const string Expected = "80010408" + "0E" + "03" + "02000000" + "C03F000000000000";
        Assert.Equal(Expected, Hex(output => DeltaBinaryPackedEncoder.Encode((long[])[7, 5, 3, 1, 2, 3, 4, 5], output)));
        Assert.Equal(Expected, Hex(output => DeltaBinaryPackedEncoder.Encode((int[])[7, 5, 3, 1, 2, 3, 4, 5], output)));
        Assert.Equal("8001040000", Hex(output => DeltaBinaryPackedEncoder.Encode((long[])[], output)));
        Assert.Equal("8001040101", Hex(output => DeltaBinaryPackedEncoder.Encode((int[])[-1], output)));
    }

    [Fact]
    public void Delta_binary_packed_wraps_around_in_the_width_of_the_type()
    {
        // MaxValue - MinValue is -1 in 32 bits.
        Assert.Equal("80010402" + "FFFFFFFF0F" + "01" + "00000000", Hex(output => DeltaBinaryPackedEncoder.Encode((int[])[int.MinValue, int.MaxValue], output)));
    }

    [Fact]
    public void Delta_length_byte_array()
    {
        // Lengths 5 5 0 1: deltas 0 -5 1, smallest -5, so 5 0 6 in three bits each.
        (byte[] bytes, int[] offsets) = Values("Hello", "World", "", "!");
        Assert.Equal(
            "80010404" + "0A" + "09" + "03000000" + "8501" + new string('0', 20) + Convert.ToHexString("HelloWorld!"u8),
            Hex(output => DeltaLengthByteArrayEncoder.Encode(bytes, offsets, new EncoderScratch(), output)));
    }

    [Fact]
    public void Delta_byte_array()
    {
        (byte[] bytes, int[] offsets) = Values("axis", "axle", "babble", "babyhood");
        string prefixes = "80010404" + "00" + "03" + "03000000" + "4401" + new string('0', 20);
        string suffixes = "80010404" + "08" + "03" + "03000000" + "7000" + new string('0', 20);
        Assert.Equal(
            prefixes + suffixes + Convert.ToHexString("axislebabbleyhood"u8),
            Hex(output => DeltaByteArrayEncoder.Encode(bytes, offsets, new EncoderScratch(), output)));
    }

    [Fact]
    public void Plain()
    {
        (byte[] bytes, int[] offsets) = Values("ab", "", "c");
        Assert.Equal("02000000" + "6162" + "00000000" + "01000000" + "63", Hex(output => PlainEncoder.EncodeByteArrays(bytes, offsets, output)));
        Assert.Equal("FEFFFFFF01000000", Hex(output => PlainEncoder.EncodeInts([-2, 1], output)));
        Assert.Equal("FEFFFFFFFFFFFFFF", Hex(output => PlainEncoder.EncodeLongs([-2], output)));
        Assert.Equal("0502", Hex(output => PlainEncoder.EncodeBooleans([1, 0, 1, 0, 0, 0, 0, 0, 0, 1], output)));
    }

    [Fact]
    public void Byte_stream_split() =>
        Assert.Equal("0106" + "0205" + "0304" + "0407", Hex(output => ByteStreamSplitEncoder.Encode((int[])[0x04030201, 0x07040506], output)));

    [Fact]
    public void Runs_and_packed_groups()
    {
        Assert.Equal("C80104", Hex(output => RleBitPackedEncoder.EncodeIndexes([.. Enumerable.Repeat(4, 100)], 3, output)));
        Assert.Equal("0388C6FA", Hex(output => RleBitPackedEncoder.EncodeIndexes([0, 1, 2, 3, 4, 5, 6, 7], 3, output)));
        Assert.Equal("0388C6FA", Hex(output => RleBitPackedEncoder.EncodeLevels([0, 1, 2, 3, 4, 5, 6, 7], 3, output)));

        // Three others, then ten ones: five of them fill the group, so that too few are left for a run; eleven more make one.
        Assert.Equal("05F8" + "1F", Hex(output => RleBitPackedEncoder.EncodeLevels([0, 0, 0, .. Enumerable.Repeat((byte)1, 10)], 1, output)));
        Assert.Equal("03F8" + "2001", Hex(output => RleBitPackedEncoder.EncodeLevels([0, 0, 0, .. Enumerable.Repeat((byte)1, 21)], 1, output)));
        Assert.Equal("", Hex(output => RleBitPackedEncoder.EncodeLevels([], 1, output)));
    }

    [Fact]
    public void Prefixes_are_those_of_plain_comparison()
    {
        var random = new Random(9);
        for (int round = 0; round < 300; round++)
        {
            string[] values = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => new string('a', random.Next(0, 30)) + new string('b', random.Next(0, 3)))];
            (byte[] bytes, int[] offsets) = Values(values);
            int[] prefixes = new int[values.Length];
            int[] suffixes = new int[values.Length];
            int total = DeltaByteArrayEncoder.FindPrefixes(bytes, offsets, prefixes, suffixes);
            for (int i = 1; i < values.Length; i++)
            {
                Assert.Equal(values[i - 1].AsSpan().CommonPrefixLength(values[i]), prefixes[i]);
                Assert.Equal(values[i].Length, prefixes[i] + suffixes[i]);
            }

            Assert.Equal(suffixes.Sum(), total);
        }
    }

    private static string Hex(Action<ByteBuffer> encode)
    {
        var output = new ByteBuffer(0);
        encode(output);
        return Convert.ToHexString(output.WrittenSpan);
    }

    private static (byte[] Bytes, int[] Offsets) Values(params string[] values)
    {
        var offsets = new int[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            offsets[i + 1] = offsets[i] + values[i].Length;
        }

        return (Encoding.ASCII.GetBytes(string.Concat(values)), offsets);
    }
}
