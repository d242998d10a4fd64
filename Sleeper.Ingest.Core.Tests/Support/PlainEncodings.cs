using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>Slow and simple encoders of the format's encodings, to hold the decoders against.</summary>
internal static class PlainEncodings
{
    /// <summary>The values of a data page in any encoding but a dictionary's.</summary>
    /// <param name="type">Of the column.</param>
    /// <param name="encoding">One that the type can have.</param>
    /// <param name="values">As plain bytes, a byte for a boolean.</param>
    /// <param name="width">Bytes of a value; 0 for byte arrays.</param>
    /// <param name="maxBlockFactor">Blocks of DELTA_BINARY_PACKED have up to 8 times so many values in each miniblock.</param>
    /// <param name="random">Chooses what the encoding leaves open.</param>
    public static byte[] Encode(PhysicalType type, ParquetEncoding encoding, byte[][] values, int width, int maxBlockFactor, Random random)
    {
        switch (encoding)
        {
            case ParquetEncoding.Plain when type == PhysicalType.Boolean:
                return Pack([.. values.Select(value => (ulong)value[0])], 1);
            case ParquetEncoding.Rle:
                return HandmadeParquet.V1Levels(Hybrid([.. values.Select(value => (int)value[0])], 1, random));
            case ParquetEncoding.Plain:
                return type == PhysicalType.ByteArray ? Plain(values) : [.. values.SelectMany(value => value)];
            case ParquetEncoding.DeltaBinaryPacked:
                long[] numbers = [.. values.Select(value => width == 4 ? BitConverter.ToInt32(value) : BitConverter.ToInt64(value))];
                int miniblocks = 1 << random.Next(0, 4);
                return Delta(numbers, miniblocks * 8 * random.Next(1, maxBlockFactor + 1), miniblocks);
            case ParquetEncoding.DeltaLengthByteArray:
                return DeltaLength(values);
            case ParquetEncoding.DeltaByteArray:
                return DeltaBytes(values);
            default:
                return Split(values, width);
        }
    }

    /// <summary>Values of a width in bits one after the other, lowest bit first; padded to whole bytes.</summary>
    public static byte[] Pack(IReadOnlyList<ulong> values, int width)
    {
        byte[] bytes = new byte[((values.Count * width) + 7) / 8];
        for (int i = 0; i < values.Count; i++)
        {
            for (int b = 0; b < width; b++)
            {
                int bit = (i * width) + b;
                bytes[bit / 8] |= (byte)(((values[i] >> b) & 1) << (bit % 8));
            }
        }

        return bytes;
    }

    /// <summary>RLE and bit-packed runs of random lengths; the last packed run is filled up with zeros.</summary>
    public static byte[] Hybrid(IReadOnlyList<int> values, int width, Random random)
    {
        var bytes = new List<byte>();
        int at = 0;
        while (at < values.Count)
        {
            int same = 1;
            while (at + same < values.Count && values[at + same] == values[at])
            {
                same++;
            }

            if (random.Next(same > 3 ? 2 : 6) == 0)
            {
                int count = random.Next(1, same + 1);
                bytes.AddRange(HandmadeParquet.VarInt((ulong)count << 1));
                bytes.AddRange(BitConverter.GetBytes(values[at])[..((width + 7) / 8)]);
                at += count;
                continue;
            }

            int groups = random.Next(1, 9);
            ulong[] packed = new ulong[groups * 8];
            for (int i = 0; i < packed.Length && at < values.Count; i++)
            {
                packed[i] = (uint)values[at++];
            }

            bytes.AddRange(HandmadeParquet.VarInt(((ulong)groups << 1) | 1));
            bytes.AddRange(Pack(packed, width));
        }

        return [.. bytes];
    }

    public static byte[] Delta(IReadOnlyList<long> values, int blockValues = 128, int miniblocks = 4)
    {
        var bytes = new List<byte>();
        bytes.AddRange(HandmadeParquet.VarInt((ulong)blockValues));
        bytes.AddRange(HandmadeParquet.VarInt((ulong)miniblocks));
        bytes.AddRange(HandmadeParquet.VarInt((ulong)values.Count));
        bytes.AddRange(ZigZag(values.Count > 0 ? values[0] : 0));
        int miniblockValues = blockValues / miniblocks;
        for (int start = 1; start < values.Count; start += blockValues)
        {
            long[] deltas = [.. Enumerable.Range(start, Math.Min(blockValues, values.Count - start)).Select(i => unchecked(values[i] - values[i - 1]))];
            long smallest = deltas.Min();
            bytes.AddRange(ZigZag(smallest));
            ulong[][] blocks = [.. deltas.Select(delta => unchecked((ulong)delta - (ulong)smallest)).Chunk(miniblockValues)];
            int[] widths = [.. blocks.Select(block => 64 - System.Numerics.BitOperations.LeadingZeroCount(block.Max()))];
            bytes.AddRange(widths.Select(width => (byte)width));
            bytes.AddRange(new byte[miniblocks - widths.Length]);
            for (int i = 0; i < blocks.Length; i++)
            {
                bytes.AddRange(Pack([.. blocks[i], .. new ulong[miniblockValues - blocks[i].Length]], widths[i]));
            }
        }

        return [.. bytes];
    }

    public static byte[] DeltaLength(IReadOnlyList<byte[]> values) =>
        [.. Delta([.. values.Select(value => (long)value.Length)]), .. values.SelectMany(value => value)];

    public static byte[] DeltaBytes(IReadOnlyList<byte[]> values)
    {
        var prefixes = new List<long>();
        var suffixes = new List<byte[]>();
        byte[] last = [];
        foreach (byte[] value in values)
        {
            int prefix = value.AsSpan().CommonPrefixLength(last);
            prefixes.Add(prefix);
            suffixes.Add(value[prefix..]);
            last = value;
        }

        return [.. Delta(prefixes), .. DeltaLength(suffixes)];
    }

    public static byte[] Plain(IReadOnlyList<byte[]> values) => [.. values.SelectMany(value => (byte[])[.. HandmadeParquet.Ints(value.Length), .. value])];

    public static byte[] Split(IReadOnlyList<byte[]> values, int width) =>
        [.. Enumerable.Range(0, width).SelectMany(b => values.Select(value => value[b]))];

    public static byte[] LittleEndian(long value, int width)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..width];
    }

    private static byte[] ZigZag(long value) => HandmadeParquet.VarInt((ulong)((value << 1) ^ (value >> 63)));
}
