using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>A pair of the key/value metadata of a file or a column chunk.</summary>
internal sealed record KeyValue
{
    public string Key { get; set; } = "";

    public string? Value { get; set; }

    public static KeyValue Read(ref ThriftCompactReader reader)
    {
        var result = new KeyValue();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.Key = reader.ReadString();
                    break;
                case 2:
                    result.Value = reader.ReadString();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x2;
        if ((seen & Required) != Required)
        {
            reader.Throw($"KeyValue lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.StringField(1, Key);

        if (Value is { } value)
        {
            writer.StringField(2, value);
        }

        writer.EndStruct();
    }
}
