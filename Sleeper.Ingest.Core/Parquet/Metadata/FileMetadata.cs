using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>The footer of a Parquet file.</summary>
internal sealed record FileMetadata
{
    public int Version { get; set; }

    public IReadOnlyList<SchemaElement> Schema { get; set; } = [];

    public long NumRows { get; set; }

    public IReadOnlyList<RowGroupMetadata> RowGroups { get; set; } = [];

    public IReadOnlyList<KeyValue>? KeyValueMetadata { get; set; }

    public string? CreatedBy { get; set; }

    public IReadOnlyList<ColumnOrder>? ColumnOrders { get; set; }

    /// <summary>True if columns of the file are encrypted under a footer in plain text; only read.</summary>
    public bool IsEncrypted { get; set; }

    /// <summary>Reads a footer that has no more than the limits allow.</summary>
    public static FileMetadata Read(ref ThriftCompactReader reader, ParquetReaderLimits limits)
    {
        var result = new FileMetadata();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Version = reader.ReadI32();
                    break;
                case 2:
                    result.Schema = MetadataLists.Read(ref reader, SchemaElement.Read);
                    break;
                case 3:
                    result.NumRows = reader.ReadI64();
                    break;
                case 4:
                    result.RowGroups = ReadRowGroups(ref reader, limits);
                    break;
                case 5:
                    result.KeyValueMetadata = MetadataLists.Read(ref reader, KeyValue.Read);
                    break;
                case 6:
                    result.CreatedBy = reader.ReadString();
                    break;
                case 7:
                    result.ColumnOrders = MetadataLists.Read(ref reader, ReadOrder);
                    break;
                case 8:
                    result.IsEncrypted = true;
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x1E;
        if ((seen & Required) != Required)
        {
            reader.Throw($"FileMetadata lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, Version);
        writer.ListField(2, ThriftType.Struct, Schema.Count);
        foreach (SchemaElement element in Schema)
        {
            element.Write(writer);
        }

        writer.I64Field(3, NumRows);
        writer.ListField(4, ThriftType.Struct, RowGroups.Count);
        foreach (RowGroupMetadata element in RowGroups)
        {
            element.Write(writer);
        }

        if (KeyValueMetadata is { } keyValueMetadata)
        {
            writer.ListField(5, ThriftType.Struct, keyValueMetadata.Count);
            foreach (KeyValue element in keyValueMetadata)
            {
                element.Write(writer);
            }
        }

        if (CreatedBy is { } createdBy)
        {
            writer.StringField(6, createdBy);
        }

        if (ColumnOrders is { } columnOrders)
        {
            writer.ListField(7, ThriftType.Struct, columnOrders.Count);
            foreach (ColumnOrder element in columnOrders)
            {
                WriteOrder(writer, element);
            }
        }

        writer.EndStruct();
    }

    private static RowGroupMetadata[] ReadRowGroups(ref ThriftCompactReader reader, ParquetReaderLimits limits)
    {
        int count = reader.ReadListHeader();
        if (count > limits.MaxRowGroups)
        {
            throw ParquetFormatException.AboveLimit($"The footer has {count:N0} row groups; the limit is {limits.MaxRowGroups:N0}.", nameof(limits.MaxRowGroups));
        }

        return MetadataLists.Read(ref reader, count, RowGroupMetadata.Read);
    }

    private static ColumnOrder ReadOrder(ref ThriftCompactReader reader)
    {
        ColumnOrder order = ColumnOrder.Unknown;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            order = id == (short)ColumnOrder.TypeDefined ? ColumnOrder.TypeDefined : ColumnOrder.Unknown;
            reader.Skip();
        }

        return order;
    }

    private static void WriteOrder(ThriftCompactWriter writer, ColumnOrder order)
    {
        writer.BeginStruct();
        writer.EmptyStructField((short)order);
        writer.EndStruct();
    }
}
