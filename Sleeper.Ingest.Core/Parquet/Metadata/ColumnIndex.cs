using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Smallest and largest values of the data pages of a column chunk.</summary>
internal sealed record ColumnIndex
{
    /// <summary>Pages without a value.</summary>
    public IReadOnlyList<bool> NullPages { get; set; } = [];

    /// <summary>Empty where the page has no value.</summary>
    public IReadOnlyList<byte[]> MinValues { get; set; } = [];

    /// <summary>Empty where the page has no value.</summary>
    public IReadOnlyList<byte[]> MaxValues { get; set; } = [];

    public BoundaryOrder BoundaryOrder { get; set; }

    public IReadOnlyList<long>? NullCounts { get; set; }

    public IReadOnlyList<long>? RepetitionLevelHistograms { get; set; }

    public IReadOnlyList<long>? DefinitionLevelHistograms { get; set; }

    public static ColumnIndex Read(ref ThriftCompactReader reader)
    {
        var result = new ColumnIndex();
        uint seen = 0;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            seen |= id is > 0 and < 32 ? 1u << id : 0;
            switch (id)
            {
                case 1:
                    result.NullPages = reader.ReadBoolList();
                    break;
                case 2:
                    result.MinValues = reader.ReadBinaryList();
                    break;
                case 3:
                    result.MaxValues = reader.ReadBinaryList();
                    break;
                case 4:
                    result.BoundaryOrder = (BoundaryOrder)reader.ReadI32();
                    break;
                case 5:
                    result.NullCounts = reader.ReadI64List();
                    break;
                case 6:
                    result.RepetitionLevelHistograms = reader.ReadI64List();
                    break;
                case 7:
                    result.DefinitionLevelHistograms = reader.ReadI64List();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        const uint Required = 0x1E;
        if ((seen & Required) != Required)
        {
            reader.Throw($"ColumnIndex lacks required fields (has 0x{seen:X} of 0x{Required:X}, a bit for each field number)");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.BoolListField(1, NullPages);
        writer.BinaryListField(2, MinValues);
        writer.BinaryListField(3, MaxValues);
        writer.I32Field(4, (int)BoundaryOrder);

        if (NullCounts is { } nullCounts)
        {
            writer.I64ListField(5, nullCounts);
        }

        if (RepetitionLevelHistograms is { } repetitionLevelHistograms)
        {
            writer.I64ListField(6, repetitionLevelHistograms);
        }

        if (DefinitionLevelHistograms is { } definitionLevelHistograms)
        {
            writer.I64ListField(7, definitionLevelHistograms);
        }

        writer.EndStruct();
    }
}
