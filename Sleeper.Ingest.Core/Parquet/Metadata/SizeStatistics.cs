using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Sizes of a column chunk beyond its bytes.</summary>
internal sealed record SizeStatistics
{
    /// <summary>Bytes of BYTE_ARRAY values alone, without lengths, encoding or compression.</summary>
    public long? UnencodedByteArrayDataBytes { get; set; }

    public IReadOnlyList<long>? RepetitionLevelHistogram { get; set; }

    public IReadOnlyList<long>? DefinitionLevelHistogram { get; set; }

    public static SizeStatistics Read(ref ThriftCompactReader reader)
    {
        var result = new SizeStatistics();
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 1:
                    result.UnencodedByteArrayDataBytes = reader.ReadI64();
                    break;
                case 2:
                    result.RepetitionLevelHistogram = reader.ReadI64List();
                    break;
                case 3:
                    result.DefinitionLevelHistogram = reader.ReadI64List();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();

        if (UnencodedByteArrayDataBytes is { } unencodedByteArrayDataBytes)
        {
            writer.I64Field(1, unencodedByteArrayDataBytes);
        }

        if (RepetitionLevelHistogram is { } repetitionLevelHistogram)
        {
            writer.I64ListField(2, repetitionLevelHistogram);
        }

        if (DefinitionLevelHistogram is { } definitionLevelHistogram)
        {
            writer.I64ListField(3, definitionLevelHistogram);
        }

        writer.EndStruct();
    }
}
