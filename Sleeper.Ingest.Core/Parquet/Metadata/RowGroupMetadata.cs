using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>A row group in the footer.</summary>
internal sealed record RowGroupMetadata
{
    public IReadOnlyList<ColumnChunkMetadata> Columns { get; set; } = [];

    /// <summary>Uncompressed, with page headers.</summary>
    public long TotalByteSize { get; set; }

    public long NumRows { get; set; }

    public IReadOnlyList<SortingColumn>? SortingColumns { get; set; }

    public long? FileOffset { get; set; }

    public long? TotalCompressedSize { get; set; }

    public short? Ordinal { get; set; }

    public static RowGroupMetadata Read(ref ThriftCompactReader reader)
    {
        var result = new RowGroupMetadata();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Columns = MetadataLists.Read(ref reader, ColumnChunkMetadata.Read);
                    break;
                case 2:
                    result.TotalByteSize = reader.ReadI64();
                    break;
                case 3:
                    result.NumRows = reader.ReadI64();
                    break;
                case 4:
                    result.SortingColumns = MetadataLists.Read(ref reader, SortingColumn.Read);
                    break;
                case 5:
                    result.FileOffset = reader.ReadI64();
                    break;
                case 6:
                    result.TotalCompressedSize = reader.ReadI64();
                    break;
                case 7:
                    result.Ordinal = reader.ReadI16();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0xE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"RowGroupMetadata lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.ListField(1, ThriftType.Struct, Columns.Count);
        foreach (ColumnChunkMetadata element in Columns)
        {
            element.Write(writer);
        }

        writer.I64Field(2, TotalByteSize);
        writer.I64Field(3, NumRows);

        if (SortingColumns is { } sortingColumns)
        {
            writer.ListField(4, ThriftType.Struct, sortingColumns.Count);
            foreach (SortingColumn element in sortingColumns)
            {
                element.Write(writer);
            }
        }

        if (FileOffset is { } fileOffset)
        {
            writer.I64Field(5, fileOffset);
        }

        if (TotalCompressedSize is { } totalCompressedSize)
        {
            writer.I64Field(6, totalCompressedSize);
        }

        if (Ordinal is { } ordinal)
        {
            writer.I16Field(7, ordinal);
        }

        writer.EndStruct();
    }
}
