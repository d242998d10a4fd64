using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>What the footer says of a column chunk.</summary>
internal sealed record ColumnMetadata
{
    public PhysicalType Type { get; set; }

    public IReadOnlyList<ParquetEncoding> Encodings { get; set; } = [];

    public IReadOnlyList<string> PathInSchema { get; set; } = [];

    public CompressionCodec Codec { get; set; }

    /// <summary>Values and nulls.</summary>
    public long NumValues { get; set; }

    /// <summary>With page headers.</summary>
    public long TotalUncompressedSize { get; set; }

    /// <summary>With page headers.</summary>
    public long TotalCompressedSize { get; set; }

    public IReadOnlyList<KeyValue>? KeyValueMetadata { get; set; }

    public long DataPageOffset { get; set; }

    public long? IndexPageOffset { get; set; }

    public long? DictionaryPageOffset { get; set; }

    public Statistics? Statistics { get; set; }

    public IReadOnlyList<PageEncodingStats>? EncodingStats { get; set; }

    public long? BloomFilterOffset { get; set; }

    public int? BloomFilterLength { get; set; }

    public SizeStatistics? SizeStatistics { get; set; }

    public static ColumnMetadata Read(ref ThriftCompactReader reader)
    {
        var result = new ColumnMetadata();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Type = (PhysicalType)reader.ReadI32();
                    break;
                case 2:
                    result.Encodings = MetadataLists.Read(ref reader, static (ref ThriftCompactReader r) => (ParquetEncoding)r.ReadI32());
                    break;
                case 3:
                    result.PathInSchema = reader.ReadStringList();
                    break;
                case 4:
                    result.Codec = (CompressionCodec)reader.ReadI32();
                    break;
                case 5:
                    result.NumValues = reader.ReadI64();
                    break;
                case 6:
                    result.TotalUncompressedSize = reader.ReadI64();
                    break;
                case 7:
                    result.TotalCompressedSize = reader.ReadI64();
                    break;
                case 8:
                    result.KeyValueMetadata = MetadataLists.Read(ref reader, KeyValue.Read);
                    break;
                case 9:
                    result.DataPageOffset = reader.ReadI64();
                    break;
                case 10:
                    result.IndexPageOffset = reader.ReadI64();
                    break;
                case 11:
                    result.DictionaryPageOffset = reader.ReadI64();
                    break;
                case 12:
                    result.Statistics = Statistics.Read(ref reader);
                    break;
                case 13:
                    result.EncodingStats = MetadataLists.Read(ref reader, PageEncodingStats.Read);
                    break;
                case 14:
                    result.BloomFilterOffset = reader.ReadI64();
                    break;
                case 15:
                    result.BloomFilterLength = reader.ReadI32();
                    break;
                case 16:
                    result.SizeStatistics = SizeStatistics.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x2FE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"ColumnMetadata lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, (int)Type);
        writer.ListField(2, ThriftType.I32, Encodings.Count);
        foreach (ParquetEncoding element in Encodings)
        {
            writer.I32((int)element);
        }

        writer.StringListField(3, PathInSchema);
        writer.I32Field(4, (int)Codec);
        writer.I64Field(5, NumValues);
        writer.I64Field(6, TotalUncompressedSize);
        writer.I64Field(7, TotalCompressedSize);

        if (KeyValueMetadata is { } keyValueMetadata)
        {
            writer.ListField(8, ThriftType.Struct, keyValueMetadata.Count);
            foreach (KeyValue element in keyValueMetadata)
            {
                element.Write(writer);
            }
        }
        writer.I64Field(9, DataPageOffset);

        if (IndexPageOffset is { } indexPageOffset)
        {
            writer.I64Field(10, indexPageOffset);
        }

        if (DictionaryPageOffset is { } dictionaryPageOffset)
        {
            writer.I64Field(11, dictionaryPageOffset);
        }

        if (Statistics is { } statistics)
        {
            writer.StructField(12);
            statistics.Write(writer);
        }

        if (EncodingStats is { } encodingStats)
        {
            writer.ListField(13, ThriftType.Struct, encodingStats.Count);
            foreach (PageEncodingStats element in encodingStats)
            {
                element.Write(writer);
            }
        }

        if (BloomFilterOffset is { } bloomFilterOffset)
        {
            writer.I64Field(14, bloomFilterOffset);
        }

        if (BloomFilterLength is { } bloomFilterLength)
        {
            writer.I32Field(15, bloomFilterLength);
        }

        if (SizeStatistics is { } sizeStatistics)
        {
            writer.StructField(16);
            sizeStatistics.Write(writer);
        }

        writer.EndStruct();
    }
}
