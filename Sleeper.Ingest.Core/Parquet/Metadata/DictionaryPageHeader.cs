using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Header of a dictionary page.</summary>
internal sealed record DictionaryPageHeader
{
    public int NumValues { get; set; }

    public ParquetEncoding Encoding { get; set; }

    public bool? IsSorted { get; set; }

    public static DictionaryPageHeader Read(ref ThriftCompactReader reader)
    {
        var result = new DictionaryPageHeader();
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
                    result.IsSorted = reader.ReadBool();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x6;
        if ((seen & Required) != Required)
        {
            reader.Throw($"DictionaryPageHeader lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, NumValues);
        writer.I32Field(2, (int)Encoding);

        if (IsSorted is { } isSorted)
        {
            writer.BoolField(3, isSorted);
        }

        writer.EndStruct();
    }
}
