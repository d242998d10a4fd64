using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>One node of the schema, in the flat depth-first form of the footer.</summary>
internal sealed record SchemaElement
{
    /// <summary>Absent for groups.</summary>
    public PhysicalType? Type { get; set; }

    public int? TypeLength { get; set; }

    /// <summary>Absent for the root.</summary>
    public Repetition? Repetition { get; set; }

    public string Name { get; set; } = "";

    /// <summary>Absent for leaves.</summary>
    public int? NumChildren { get; set; }

    public ConvertedType? ConvertedType { get; set; }

    public int? Scale { get; set; }

    public int? Precision { get; set; }

    public int? FieldId { get; set; }

    public LogicalType? LogicalType { get; set; }

    /// <summary>Some writers give leaves 0 children instead of none.</summary>
    public bool IsLeaf => NumChildren is null || (NumChildren == 0 && Type is not null);

    public static SchemaElement Read(ref ThriftCompactReader reader)
    {
        var result = new SchemaElement();
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
                    result.TypeLength = reader.ReadI32();
                    break;
                case 3:
                    result.Repetition = (Repetition)reader.ReadI32();
                    break;
                case 4:
                    result.Name = reader.ReadString();
                    break;
                case 5:
                    result.NumChildren = reader.ReadI32();
                    break;
                case 6:
                    result.ConvertedType = (ConvertedType)reader.ReadI32();
                    break;
                case 7:
                    result.Scale = reader.ReadI32();
                    break;
                case 8:
                    result.Precision = reader.ReadI32();
                    break;
                case 9:
                    result.FieldId = reader.ReadI32();
                    break;
                case 10:
                    result.LogicalType = LogicalType.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x10;
        if ((seen & Required) != Required)
        {
            reader.Throw($"SchemaElement lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();

        if (Type is { } type)
        {
            writer.I32Field(1, (int)type);
        }

        if (TypeLength is { } typeLength)
        {
            writer.I32Field(2, typeLength);
        }

        if (Repetition is { } repetition)
        {
            writer.I32Field(3, (int)repetition);
        }
        writer.StringField(4, Name);

        if (NumChildren is { } numChildren)
        {
            writer.I32Field(5, numChildren);
        }

        if (ConvertedType is { } convertedType)
        {
            writer.I32Field(6, (int)convertedType);
        }

        if (Scale is { } scale)
        {
            writer.I32Field(7, scale);
        }

        if (Precision is { } precision)
        {
            writer.I32Field(8, precision);
        }

        if (FieldId is { } fieldId)
        {
            writer.I32Field(9, fieldId);
        }

        if (LogicalType is { } logicalType)
        {
            writer.StructField(10);
            logicalType.Write(writer);
        }

        writer.EndStruct();
    }
}
