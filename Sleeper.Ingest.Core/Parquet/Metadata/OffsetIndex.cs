using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Where the data pages of a column chunk lie.</summary>
internal sealed record OffsetIndex
{
    public IReadOnlyList<PageLocation> PageLocations { get; set; } = [];

    public IReadOnlyList<long>? UnencodedByteArrayDataBytes { get; set; }

    public static OffsetIndex Read(ref ThriftCompactReader reader)
    {
        var result = new OffsetIndex();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.PageLocations = MetadataLists.Read(ref reader, PageLocation.Read);
                    break;
                case 2:
                    result.UnencodedByteArrayDataBytes = reader.ReadI64List();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x2;
        if ((seen & Required) != Required)
        {
            reader.Throw($"OffsetIndex lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.ListField(1, ThriftType.Struct, PageLocations.Count);
        foreach (PageLocation element in PageLocations)
        {
            element.Write(writer);
        }

        if (UnencodedByteArrayDataBytes is { } unencodedByteArrayDataBytes)
        {
            writer.I64ListField(2, unencodedByteArrayDataBytes);
        }

        writer.EndStruct();
    }
}
