using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>One column of the order that a row group claims.</summary>
internal sealed record SortingColumn
{
    public int ColumnIndex { get; set; }

    public bool Descending { get; set; }

    public bool NullsFirst { get; set; }

    public static SortingColumn Read(ref ThriftCompactReader reader)
    {
        var result = new SortingColumn();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.ColumnIndex = reader.ReadI32();
                    break;
                case 2:
                    result.Descending = reader.ReadBool();
                    break;
                case 3:
                    result.NullsFirst = reader.ReadBool();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0xE;
        if ((seen & Required) != Required)
        {
            reader.Throw($"SortingColumn lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, ColumnIndex);
        writer.BoolField(2, Descending);
        writer.BoolField(3, NullsFirst);
        writer.EndStruct();
    }
}
