using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>What stands before a Bloom filter. The format has one algorithm, hash and compression so far; whoever does not know one must not use the filter.</summary>
internal sealed record BloomFilterHeader
{
    /// <summary>Of the filter, without this header.</summary>
    public int NumBytes { get; set; }

    public bool IsSplitBlock { get; set; }

    public bool IsXxHash { get; set; }

    public bool IsUncompressed { get; set; }

    public static BloomFilterHeader Read(ref ThriftCompactReader reader)
    {
        var result = new BloomFilterHeader();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.NumBytes = reader.ReadI32();
                    break;
                case 2:
                    result.IsSplitBlock = IsFirstOfUnion(ref reader);
                    break;
                case 3:
                    result.IsXxHash = IsFirstOfUnion(ref reader);
                    break;
                case 4:
                    result.IsUncompressed = IsFirstOfUnion(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x1E;
        if ((seen & Required) != Required)
        {
            reader.Throw($"BloomFilterHeader lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, NumBytes);
        WriteUnion(writer, 2);
        WriteUnion(writer, 3);
        WriteUnion(writer, 4);
        writer.EndStruct();
    }

    private static bool IsFirstOfUnion(ref ThriftCompactReader reader)
    {
        bool isFirst = false;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            isFirst |= id == 1;
            reader.Skip();
        }

        return isFirst;
    }

    private static void WriteUnion(ThriftCompactWriter writer, short id)
    {
        writer.StructField(id);
        writer.BeginStruct();
        writer.EmptyStructField(1);
        writer.EndStruct();
    }
}
