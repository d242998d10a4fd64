using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;

namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>Whether a page holds so many values, and which, for the encodings that are told in a few lines; to hold the decoders against.</summary>
internal static class PlainReference
{
    /// <summary>True if there is a reference for the encoding.</summary>
    public static bool Knows(ParquetEncoding encoding) => encoding is ParquetEncoding.Plain or ParquetEncoding.ByteStreamSplit;

    /// <summary>The values, or null if the page must be refused.</summary>
    public static byte[][]? Decode(PhysicalType type, ParquetEncoding encoding, int typeLength, ReadOnlySpan<byte> page, int count, ParquetReaderLimits limits)
    {
        int width = WidthOf(type, typeLength);
        if (encoding == ParquetEncoding.ByteStreamSplit)
        {
            return width == 0 || page.Length % width != 0 || count > page.Length / width ? null : Join(page, width, count);
        }

        return type switch
        {
            PhysicalType.Boolean => count > 8L * page.Length ? null : Bits(page, count),
            PhysicalType.ByteArray => Strings(page, count, limits),
            _ => width == 0 || (long)count * width > page.Length ? null : Cut(page, width, count),
        };
    }

    /// <summary>Bytes of a value; 0 if they differ.</summary>
    public static int WidthOf(PhysicalType type, int typeLength) => type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedLenByteArray => typeLength,
        _ => 0,
    };

    private static byte[][] Join(ReadOnlySpan<byte> page, int width, int count)
    {
        byte[][] values = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            values[i] = new byte[width];
            for (int b = 0; b < width; b++)
            {
                values[i][b] = page[(b * (page.Length / width)) + i];
            }
        }

        return values;
    }

    private static byte[][] Bits(ReadOnlySpan<byte> page, int count)
    {
        byte[][] values = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            values[i] = [(byte)((page[i / 8] >> (i % 8)) & 1), 0, 0, 0];
        }

        return values;
    }

    private static byte[][] Cut(ReadOnlySpan<byte> page, int width, int count)
    {
        byte[][] values = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            values[i] = page.Slice(i * width, width).ToArray();
        }

        return values;
    }

    private static byte[][]? Strings(ReadOnlySpan<byte> page, int count, ParquetReaderLimits limits)
    {
        byte[][] values = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            if (page.Length < 4)
            {
                return null;
            }

            uint length = BinaryPrimitives.ReadUInt32LittleEndian(page);
            if (length > page.Length - 4 || length > limits.MaxValueBytes)
            {
                return null;
            }

            values[i] = page.Slice(4, (int)length).ToArray();
            page = page[(4 + (int)length)..];
        }

        return values;
    }
}
