using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>
/// Whether a page holds so many values, and which, for dictionary and delta encodings: told as the format's text tells it, value by value and bit by bit, to hold the
/// decoders against. Independent of them: no code is shared.
/// </summary>
internal static class EncodedReference
{
    private const int MaxDeltaWidth = 64;
    private const int MaxIndexWidth = 32;

    /// <summary>True if there is a reference for the encoding.</summary>
    public static bool Knows(ParquetEncoding encoding) =>
        encoding is ParquetEncoding.RleDictionary or ParquetEncoding.DeltaBinaryPacked or ParquetEncoding.DeltaLengthByteArray or ParquetEncoding.DeltaByteArray;

    /// <summary>The values, or null if the page must be refused.</summary>
    public static byte[][]? Decode(
        PhysicalType type, ParquetEncoding encoding, int typeLength, ReadOnlySpan<byte> page, int count, byte[][]? dictionary, ParquetReaderLimits limits) => encoding switch
        {
            ParquetEncoding.RleDictionary => Choose(page, count, dictionary),
            ParquetEncoding.DeltaBinaryPacked => Numbers(ref page, count)?.Select(value => BitConverter.GetBytes(value)[..(type == PhysicalType.Int32 ? 4 : 8)]).ToArray(),
            ParquetEncoding.DeltaLengthByteArray => Strings(page, count, limits),
            _ => Prefixed(page, count, type == PhysicalType.FixedLenByteArray ? typeLength : 0, limits),
        };

    private static byte[][]? Choose(ReadOnlySpan<byte> page, int count, byte[][]? dictionary)
    {
        if (dictionary is null || page.IsEmpty || page[0] > MaxIndexWidth)
        {
            return null;
        }

        int width = page[0];
        page = page[1..];
        var indexes = new List<uint>(count);
        while (indexes.Count < count && width > 0)
        {
            if (Varint(ref page, 5) is not { } header)
            {
                return null;
            }

            ulong length = (uint)header >> 1;
            if ((header & 1) == 0)
            {
                int valueBytes = (width + 7) / 8;
                if (page.Length < valueBytes)
                {
                    return null;
                }

                ulong value = Bits(page, 0, 8 * valueBytes);
                if (value >> width != 0)
                {
                    return null;
                }

                page = page[valueBytes..];
                for (ulong i = 0; i < length && indexes.Count < count; i++)
                {
                    indexes.Add((uint)value);
                }

                continue;
            }

            // Some writers cut the last group where the values end.
            int bytes = (int)Math.Min(length * (ulong)width, (ulong)page.Length);
            for (ulong i = 0; i < 8 * length && (i + 1) * (ulong)width <= 8 * (ulong)bytes && indexes.Count < count; i++)
            {
                indexes.Add((uint)Bits(page, (long)i * width, width));
            }

            page = page[bytes..];
        }

        while (indexes.Count < count)
        {
            indexes.Add(0);
        }

        return indexes.Exists(index => index >= dictionary.Length) ? null : [.. indexes.Select(index => dictionary[index])];
    }

    private static byte[][]? Strings(ReadOnlySpan<byte> page, int count, ParquetReaderLimits limits)
    {
        List<long>? lengths = Numbers(ref page, count);
        if (lengths is null)
        {
            return null;
        }

        byte[][] values = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            int length = (int)lengths[i];
            if (length < 0 || length > limits.MaxValueBytes || length > page.Length)
            {
                return null;
            }

            values[i] = page[..length].ToArray();
            page = page[length..];
        }

        return values;
    }

    private static byte[][]? Prefixed(ReadOnlySpan<byte> page, int count, int typeLength, ParquetReaderLimits limits)
    {
        List<long>? prefixes = Numbers(ref page, count);
        byte[][]? suffixes = prefixes is null ? null : Strings(page, count, limits);
        if (prefixes is null || suffixes is null)
        {
            return null;
        }

        byte[][] values = new byte[count][];
        byte[] last = [];
        for (int i = 0; i < count; i++)
        {
            int prefix = (int)prefixes[i];
            if (prefix < 0 || prefix > last.Length || prefix + suffixes[i].Length > limits.MaxValueBytes || (typeLength > 0 && prefix + suffixes[i].Length != typeLength))
            {
                return null;
            }

            values[i] = last = [.. last[..prefix], .. suffixes[i]];
        }

        return values;
    }

    /// <summary>Reads as many numbers as are said to be there, which must be all that are wanted, and moves behind their last block.</summary>
    private static List<long>? Numbers(ref ReadOnlySpan<byte> page, int count)
    {
        if (Varint(ref page, 10) is not { } blockValues || Varint(ref page, 10) is not { } miniblocks || Varint(ref page, 10) is not { } total || Varint(ref page, 10) is not { } first
            || blockValues is 0 or > int.MaxValue || miniblocks == 0 || blockValues % miniblocks != 0 || blockValues / miniblocks % 8 != 0 || total != (ulong)count)
        {
            return null;
        }

        ulong miniblockValues = blockValues / miniblocks;
        var values = new List<long>(count);
        if (count > 0)
        {
            values.Add(ZigZag(first));
        }

        while (values.Count < count)
        {
            if (Varint(ref page, 10) is not { } smallest || (ulong)page.Length < miniblocks)
            {
                return null;
            }

            byte[] widths = page[..(int)miniblocks].ToArray();
            page = page[(int)miniblocks..];
            for (int miniblock = 0; miniblock < widths.Length && values.Count < count; miniblock++)
            {
                int width = widths[miniblock];
                ulong bytes = miniblockValues * (ulong)width / 8;
                if (width > MaxDeltaWidth || bytes > (ulong)page.Length)
                {
                    return null;
                }

                for (ulong i = 0; i < miniblockValues && values.Count < count; i++)
                {
                    values.Add(unchecked(values[^1] + ZigZag(smallest) + (long)Bits(page, (long)i * width, width)));
                }

                page = page[(int)bytes..];
            }
        }

        return values;
    }

    private static ulong Bits(ReadOnlySpan<byte> bytes, long first, int count)
    {
        ulong value = 0;
        for (int i = 0; i < count; i++)
        {
            long bit = first + i;
            value |= (ulong)((bytes[(int)(bit / 8)] >> (int)(bit % 8)) & 1) << i;
        }

        return value;
    }

    private static ulong? Varint(ref ReadOnlySpan<byte> bytes, int maxLength)
    {
        ulong value = 0;
        for (int i = 0; i < maxLength && i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }

        return null;
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
