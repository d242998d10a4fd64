using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>How many pages of a chunk are of one kind and encoding.</summary>
internal sealed record PageEncodingStats
{
    public PageType PageType { get; set; }

    public ParquetEncoding Encoding { get; set; }

    public int Count { get; set; }

    public static PageEncodingStats Read(ref ThriftCompactReader reader)
    {
        var result = new PageEncodingStats();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.PageType = (PageType)reader.ReadI32();
                    break;
                case 2:
                    result.Encoding = (ParquetEncoding)reader.ReadI32();
                    break;
                case 3:
                    result.Count = reader.ReadI32();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0xE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"PageEncodingStats lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, (int)PageType);
        writer.I32Field(2, (int)Encoding);
        writer.I32Field(3, Count);
        writer.EndStruct();
    }
}
