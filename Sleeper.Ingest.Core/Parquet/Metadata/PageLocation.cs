using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Where a data page lies.</summary>
internal sealed record PageLocation
{
    /// <summary>Of its header.</summary>
    public long Offset { get; set; }

    /// <summary>Header and data.</summary>
    public int CompressedPageSize { get; set; }

    /// <summary>Within the row group.</summary>
    public long FirstRowIndex { get; set; }

    public static PageLocation Read(ref ThriftCompactReader reader)
    {
        var result = new PageLocation();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Offset = reader.ReadI64();
                    break;
                case 2:
                    result.CompressedPageSize = reader.ReadI32();
                    break;
                case 3:
                    result.FirstRowIndex = reader.ReadI64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0xE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"PageLocation lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I64Field(1, Offset);
        writer.I32Field(2, CompressedPageSize);
        writer.I64Field(3, FirstRowIndex);
        writer.EndStruct();
    }
}
