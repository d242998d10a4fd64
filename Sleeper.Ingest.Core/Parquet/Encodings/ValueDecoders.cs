using Sleeper.Ingest.Core.Parquet.Columns;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Parquet.Encodings;

/// <summary>Chooses the decoder for a physical type and an encoding.</summary>
internal static class ValueDecoders
{
    /// <param name="column">Gives the physical type.</param>
    /// <param name="encoding">What the page header says.</param>
    /// <param name="dictionary">The chunk's dictionary, if it has one.</param>
    /// <param name="limits">Bounds of a value and of one read.</param>
    /// <exception cref="ParquetFormatException">The format does not define this encoding for this type, or the dictionary is missing.</exception>
    public static ValueDecoder Create(LeafColumn column, ParquetEncoding encoding, ColumnVector? dictionary, ParquetReaderLimits limits)
    {
        PhysicalType type = column.PhysicalType;
        switch (encoding)
        {
            case ParquetEncoding.Plain:
                return CreatePlain(column, limits);
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary when type != PhysicalType.Boolean:
                return new DictionaryDecoder(
                    dictionary ?? throw new ParquetFormatException($"A page has the encoding {encoding}, but its column chunk has no dictionary page before it."), limits);
            case ParquetEncoding.Rle when type == PhysicalType.Boolean:
                return new RleBooleanDecoder();
            case ParquetEncoding.DeltaBinaryPacked when type is PhysicalType.Int32 or PhysicalType.Int64:
                return new DeltaIntegerDecoder();
            case ParquetEncoding.DeltaLengthByteArray when type == PhysicalType.ByteArray:
                return new DeltaLengthByteArrayDecoder(limits);
            case ParquetEncoding.DeltaByteArray when type is PhysicalType.ByteArray or PhysicalType.FixedLenByteArray:
                return new DeltaByteArrayDecoder(column.TypeLength, limits);
            case ParquetEncoding.ByteStreamSplit when type is not (PhysicalType.Boolean or PhysicalType.ByteArray or PhysicalType.Int96):
                return new ByteStreamSplitDecoder(Width(column, limits), limits);
            default:
                throw new ParquetFormatException(
                    $"A page of {type} values has the encoding {encoding}, which the format does not define for that type or this library does not read.");
        }
    }

    /// <summary>The decoder of PLAIN pages, which dictionary pages are too.</summary>
    public static ValueDecoder CreatePlain(LeafColumn column, ParquetReaderLimits limits) => column.PhysicalType switch
    {
        PhysicalType.Boolean => new PlainBooleanDecoder(),
        PhysicalType.ByteArray => new PlainByteArrayDecoder(limits),
        _ => new PlainFixedWidthDecoder(Width(column, limits), limits),
    };

    private static int Width(LeafColumn column, ParquetReaderLimits limits) => column.PhysicalType switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        _ when column.TypeLength < 1 => throw new ParquetFormatException($"Values have a fixed length of {column.TypeLength:N0} bytes; 1 is the least."),
        _ when column.TypeLength > limits.MaxValueBytes => throw ParquetFormatException.AboveLimit(
            $"Values have a fixed length of {column.TypeLength:N0} bytes; the limit is {limits.MaxValueBytes:N0}.", nameof(ParquetReaderLimits.MaxValueBytes)),
        _ => column.TypeLength,
    };
}
