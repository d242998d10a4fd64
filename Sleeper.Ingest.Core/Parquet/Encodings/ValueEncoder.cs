using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Pages;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Encodes the values of a page, and says which encoding a column gets.</summary>
internal static class ValueEncoder
{
    /// <summary>Values of the first page by which the encoding of byte arrays is chosen.</summary>
    private const int SampleValues = 2048;

    /// <summary>DELTA_BYTE_ARRAY must save at least one part in so many: it costs readers more time.</summary>
    private const int WorthwhileSaving = 32;

    /// <summary>What the options and the first values of a chunk lead to.</summary>
    public static ParquetEncoding Choose(LeafColumn column, ColumnEncoding wanted, WriterVersion version, PageValues firstPage, EncoderScratch scratch)
    {
        switch (wanted)
        {
            case ColumnEncoding.Plain:
            case ColumnEncoding.Auto when version == WriterVersion.V1:
                return ParquetEncoding.Plain;
            case ColumnEncoding.ByteStreamSplit:
                return ParquetEncoding.ByteStreamSplit;
            case ColumnEncoding.DeltaLengthByteArray:
                return ParquetEncoding.DeltaLengthByteArray;
            case ColumnEncoding.Delta:
                return column.VectorKind == Columns.VectorKind.Bytes ? ParquetEncoding.DeltaByteArray : ParquetEncoding.DeltaBinaryPacked;
            default:
                return column.PhysicalType switch
                {
                    PhysicalType.Int32 or PhysicalType.Int64 => ParquetEncoding.DeltaBinaryPacked,
                    PhysicalType.ByteArray => ChooseForByteArrays(firstPage, scratch),
                    _ => ParquetEncoding.Plain,
                };
        }
    }

    /// <summary>Refuses an encoding that the format does not have for the column's type.</summary>
    public static void Check(LeafColumn column, ColumnEncoding wanted)
    {
        bool fits = wanted switch
        {
            ColumnEncoding.Auto or ColumnEncoding.Plain => true,
            ColumnEncoding.Delta => column.PhysicalType is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray,
            ColumnEncoding.DeltaLengthByteArray => column.PhysicalType == PhysicalType.ByteArray,
            ColumnEncoding.ByteStreamSplit => column.PhysicalType is not (PhysicalType.ByteArray or PhysicalType.Boolean or PhysicalType.Int96),
            _ => false,
        };
        if (!fits)
        {
            throw new ArgumentException($"Column '{column.DottedPath}' is {column.PhysicalType}, for which Parquet has no encoding {wanted}.");
        }
    }

    public static void Encode(LeafColumn column, ParquetEncoding encoding, PageValues page, EncoderScratch scratch, ByteBuffer output)
    {
        switch (column.PhysicalType)
        {
            case PhysicalType.Boolean:
                PlainEncoder.EncodeBooleans(page.Ints, output);
                break;
            case PhysicalType.Int32 or PhysicalType.Float:
                EncodeInts(encoding, page.Ints, output);
                break;
            case PhysicalType.Int64 or PhysicalType.Double:
                EncodeLongs(encoding, page.Longs, output);
                break;
            case PhysicalType.ByteArray:
                EncodeByteArrays(encoding, page, scratch, output);
                break;
            default:
                EncodeFixed(column.TypeLength, encoding, page, scratch, output);
                break;
        }
    }

    private static ParquetEncoding ChooseForByteArrays(PageValues page, EncoderScratch scratch)
    {
        int count = Math.Min(SampleValues, page.Count);
        if (count == 0)
        {
            return ParquetEncoding.DeltaLengthByteArray;
        }

        ReadOnlySpan<int> offsets = page.Offsets[..(count + 1)];
        ByteBuffer sizes = scratch.Sizes;
        sizes.Clear();
        Span<int> lengths = EncoderScratch.Ints(ref scratch.First, count);
        for (int i = 0; i < count; i++)
        {
            lengths[i] = offsets[i + 1] - offsets[i];
        }

        DeltaBinaryPackedEncoder.Encode(lengths, sizes);
        long bytes = offsets[count] - offsets[0];
        long deltaLength = sizes.Length + bytes;
        long plain = (4L * count) + bytes;
        long best = Math.Min(deltaLength, plain);
        long most = best - (best / WorthwhileSaving);

        // Of values that share little with their neighbours the suffixes alone take too much.
        Span<int> prefixes = lengths;
        Span<int> suffixes = EncoderScratch.Ints(ref scratch.Second, count);
        long delta = DeltaByteArrayEncoder.FindPrefixes(page.Bytes, offsets, prefixes, suffixes);
        if (delta < most)
        {
            sizes.Clear();
            DeltaBinaryPackedEncoder.Encode(prefixes, sizes);
            DeltaBinaryPackedEncoder.Encode(suffixes, sizes);
            delta += sizes.Length;
        }

        if (delta < most)
        {
            return ParquetEncoding.DeltaByteArray;
        }

        return plain < deltaLength ? ParquetEncoding.Plain : ParquetEncoding.DeltaLengthByteArray;
    }

    private static void EncodeInts(ParquetEncoding encoding, ReadOnlySpan<int> values, ByteBuffer output)
    {
        switch (encoding)
        {
            case ParquetEncoding.DeltaBinaryPacked:
                DeltaBinaryPackedEncoder.Encode(values, output);
                break;
            case ParquetEncoding.ByteStreamSplit:
                ByteStreamSplitEncoder.Encode(values, output);
                break;
            default:
                PlainEncoder.EncodeInts(values, output);
                break;
        }
    }

    private static void EncodeLongs(ParquetEncoding encoding, ReadOnlySpan<long> values, ByteBuffer output)
    {
        switch (encoding)
        {
            case ParquetEncoding.DeltaBinaryPacked:
                DeltaBinaryPackedEncoder.Encode(values, output);
                break;
            case ParquetEncoding.ByteStreamSplit:
                ByteStreamSplitEncoder.Encode(values, output);
                break;
            default:
                PlainEncoder.EncodeLongs(values, output);
                break;
        }
    }

    private static void EncodeByteArrays(ParquetEncoding encoding, PageValues page, EncoderScratch scratch, ByteBuffer output)
    {
        switch (encoding)
        {
            case ParquetEncoding.DeltaByteArray:
                DeltaByteArrayEncoder.Encode(page.Bytes, page.Offsets, scratch, output);
                break;
            case ParquetEncoding.DeltaLengthByteArray:
                DeltaLengthByteArrayEncoder.Encode(page.Bytes, page.Offsets, scratch, output);
                break;
            default:
                PlainEncoder.EncodeByteArrays(page.Bytes, page.Offsets, output);
                break;
        }
    }

    private static void EncodeFixed(int width, ParquetEncoding encoding, PageValues page, EncoderScratch scratch, ByteBuffer output)
    {
        switch (encoding)
        {
            case ParquetEncoding.DeltaByteArray:
                DeltaByteArrayEncoder.Encode(page.Bytes, page.Offsets, scratch, output);
                break;
            case ParquetEncoding.ByteStreamSplit:
                ByteStreamSplitEncoder.Encode(page.Bytes[page.Offsets[0]..page.Offsets[page.Count]], width, output);
                break;
            default:
                PlainEncoder.EncodeFixed(page.Bytes, page.Offsets, output);
                break;
        }
    }
}
