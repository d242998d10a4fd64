using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>A column chunk of a row group in the footer.</summary>
internal sealed record ColumnChunkMetadata
{
    /// <summary>Set when the chunk lies in another file.</summary>
    public string? FilePath { get; set; }

    public long FileOffset { get; set; }

    /// <summary>Absent only where it is encrypted.</summary>
    public ColumnMetadata? Metadata { get; set; }

    public long? OffsetIndexOffset { get; set; }

    public int? OffsetIndexLength { get; set; }

    public long? ColumnIndexOffset { get; set; }

    public int? ColumnIndexLength { get; set; }

    /// <summary>True if the chunk is encrypted (with its own key); this library cannot read it.</summary>
    public bool IsEncrypted { get; set; }

    public static ColumnChunkMetadata Read(ref ThriftCompactReader reader)
    {
        var result = new ColumnChunkMetadata();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.FilePath = reader.ReadString();
                    break;
                case 2:
                    result.FileOffset = reader.ReadI64();
                    break;
                case 3:
                    result.Metadata = ColumnMetadata.Read(ref reader);
                    break;
                case 4:
                    result.OffsetIndexOffset = reader.ReadI64();
                    break;
                case 5:
                    result.OffsetIndexLength = reader.ReadI32();
                    break;
                case 6:
                    result.ColumnIndexOffset = reader.ReadI64();
                    break;
                case 7:
                    result.ColumnIndexLength = reader.ReadI32();
                    break;
                case 8:
                case 9:
                    result.IsEncrypted = true;
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x4;
        if ((seen & Required) != Required)
        {
            reader.Throw($"ColumnChunkMetadata lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();

        if (FilePath is { } filePath)
        {
            writer.StringField(1, filePath);
        }
        writer.I64Field(2, FileOffset);

        if (Metadata is { } metadata)
        {
            writer.StructField(3);
            metadata.Write(writer);
        }

        if (OffsetIndexOffset is { } offsetIndexOffset)
        {
            writer.I64Field(4, offsetIndexOffset);
        }

        if (OffsetIndexLength is { } offsetIndexLength)
        {
            writer.I32Field(5, offsetIndexLength);
        }

        if (ColumnIndexOffset is { } columnIndexOffset)
        {
            writer.I64Field(6, columnIndexOffset);
        }

        if (ColumnIndexLength is { } columnIndexLength)
        {
            writer.I32Field(7, columnIndexLength);
        }

        writer.EndStruct();
    }
}
