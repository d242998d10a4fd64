using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Header of a data page of version 2, whose levels lie uncompressed before the values.</summary>
internal sealed record DataPageHeaderV2
{
    /// <summary>Values and nulls.</summary>
    public int NumValues { get; set; }

    public int NumNulls { get; set; }

    public int NumRows { get; set; }

    public ParquetEncoding Encoding { get; set; }

    public int DefinitionLevelsByteLength { get; set; }

    public int RepetitionLevelsByteLength { get; set; }

    /// <summary>Absent means true.</summary>
    public bool? IsCompressed { get; set; }

    public Statistics? Statistics { get; set; }

    public static DataPageHeaderV2 Read(ref ThriftCompactReader reader)
    {
        var result = new DataPageHeaderV2();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.NumValues = reader.ReadI32();
                    break;
                case 2:
                    result.NumNulls = reader.ReadI32();
                    break;
                case 3:
                    result.NumRows = reader.ReadI32();
                    break;
                case 4:
                    result.Encoding = (ParquetEncoding)reader.ReadI32();
                    break;
                case 5:
                    result.DefinitionLevelsByteLength = reader.ReadI32();
                    break;
                case 6:
                    result.RepetitionLevelsByteLength = reader.ReadI32();
                    break;
                case 7:
                    result.IsCompressed = reader.ReadBool();
                    break;
                case 8:
                    result.Statistics = Statistics.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x7E;
        if ((seen & Required) != Required)
        {
            reader.Throw($"DataPageHeaderV2 lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, NumValues);
        writer.I32Field(2, NumNulls);
        writer.I32Field(3, NumRows);
        writer.I32Field(4, (int)Encoding);
        writer.I32Field(5, DefinitionLevelsByteLength);
        writer.I32Field(6, RepetitionLevelsByteLength);

        if (IsCompressed is { } isCompressed)
        {
            writer.BoolField(7, isCompressed);
        }

        if (Statistics is { } statistics)
        {
            writer.StructField(8);
            statistics.Write(writer);
        }

        writer.EndStruct();
    }
}
