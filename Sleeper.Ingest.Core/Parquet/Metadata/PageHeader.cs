using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>What lies before each page: its kind, its sizes, its checksum and the header of its kind.</summary>
internal sealed record PageHeader
{
    public PageType Type { get; set; }

    public int UncompressedPageSize { get; set; }

    public int CompressedPageSize { get; set; }

    /// <summary>CRC-32 (IEEE) of the bytes after the header.</summary>
    public int? Crc { get; set; }

    public DataPageHeader? DataPage { get; set; }

    public DictionaryPageHeader? DictionaryPage { get; set; }

    public DataPageHeaderV2? DataPageV2 { get; set; }

    public static PageHeader Read(ref ThriftCompactReader reader)
    {
        var result = new PageHeader();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Type = (PageType)reader.ReadI32();
                    break;
                case 2:
                    result.UncompressedPageSize = reader.ReadI32();
                    break;
                case 3:
                    result.CompressedPageSize = reader.ReadI32();
                    break;
                case 4:
                    result.Crc = reader.ReadI32();
                    break;
                case 5:
                    result.DataPage = DataPageHeader.Read(ref reader);
                    break;
                case 7:
                    result.DictionaryPage = DictionaryPageHeader.Read(ref reader);
                    break;
                case 8:
                    result.DataPageV2 = DataPageHeaderV2.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0xE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"PageHeader lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, (int)Type);
        writer.I32Field(2, UncompressedPageSize);
        writer.I32Field(3, CompressedPageSize);

        if (Crc is { } crc)
        {
            writer.I32Field(4, crc);
        }

        if (DataPage is { } dataPage)
        {
            writer.StructField(5);
            dataPage.Write(writer);
        }

        if (DictionaryPage is { } dictionaryPage)
        {
            writer.StructField(7);
            dictionaryPage.Write(writer);
        }

        if (DataPageV2 is { } dataPageV2)
        {
            writer.StructField(8);
            dataPageV2.Write(writer);
        }

        writer.EndStruct();
    }
}
