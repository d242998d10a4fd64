using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Header of a data page of version 1.</summary>
internal sealed record DataPageHeader
{
    /// <summary>Values and nulls.</summary>
    public int NumValues { get; set; }

    public ParquetEncoding Encoding { get; set; }

    public ParquetEncoding DefinitionLevelEncoding { get; set; }

    public ParquetEncoding RepetitionLevelEncoding { get; set; }

    public Statistics? Statistics { get; set; }

    public static DataPageHeader Read(ref ThriftCompactReader reader)
    {
        var result = new DataPageHeader();
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
                    result.Encoding = (ParquetEncoding)reader.ReadI32();
                    break;
                case 3:
                    result.DefinitionLevelEncoding = (ParquetEncoding)reader.ReadI32();
                    break;
                case 4:
                    result.RepetitionLevelEncoding = (ParquetEncoding)reader.ReadI32();
                    break;
                case 5:
                    result.Statistics = Statistics.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x1E;
        if ((seen & Required) != Required)
        {
            reader.Throw($"DataPageHeader lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, NumValues);
        writer.I32Field(2, (int)Encoding);
        writer.I32Field(3, (int)DefinitionLevelEncoding);
        writer.I32Field(4, (int)RepetitionLevelEncoding);

        if (Statistics is { } statistics)
        {
            writer.StructField(5);
            statistics.Write(writer);
        }

        writer.EndStruct();
    }
}
