using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Smallest and largest value and counts of a chunk or a page.</summary>
internal sealed record Statistics
{
    /// <summary>Deprecated: ordered by signed comparison, whatever the type.</summary>
    public byte[]? Max { get; set; }

    /// <summary>Deprecated, as <see cref="Max"/>.</summary>
    public byte[]? Min { get; set; }

    public long? NullCount { get; set; }

    public long? DistinctCount { get; set; }

    /// <summary>PLAIN without length, by the order of the column.</summary>
    public byte[]? MaxValue { get; set; }

    /// <summary>PLAIN without length, by the order of the column.</summary>
    public byte[]? MinValue { get; set; }

    public bool? IsMaxValueExact { get; set; }

    public bool? IsMinValueExact { get; set; }

    public static Statistics Read(ref ThriftCompactReader reader)
    {
        var result = new Statistics();
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 1:
                    result.Max = reader.ReadBinary().ToArray();
                    break;
                case 2:
                    result.Min = reader.ReadBinary().ToArray();
                    break;
                case 3:
                    result.NullCount = reader.ReadI64();
                    break;
                case 4:
                    result.DistinctCount = reader.ReadI64();
                    break;
                case 5:
                    result.MaxValue = reader.ReadBinary().ToArray();
                    break;
                case 6:
                    result.MinValue = reader.ReadBinary().ToArray();
                    break;
                case 7:
                    result.IsMaxValueExact = reader.ReadBool();
                    break;
                case 8:
                    result.IsMinValueExact = reader.ReadBool();
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

        if (Max is { } max)
        {
            writer.BinaryField(1, max);
        }

        if (Min is { } min)
        {
            writer.BinaryField(2, min);
        }

        if (NullCount is { } nullCount)
        {
            writer.I64Field(3, nullCount);
        }

        if (DistinctCount is { } distinctCount)
        {
            writer.I64Field(4, distinctCount);
        }

        if (MaxValue is { } maxValue)
        {
            writer.BinaryField(5, maxValue);
        }

        if (MinValue is { } minValue)
        {
            writer.BinaryField(6, minValue);
        }

        if (IsMaxValueExact is { } isMaxValueExact)
        {
            writer.BoolField(7, isMaxValueExact);
        }

        if (IsMinValueExact is { } isMinValueExact)
        {
            writer.BoolField(8, isMinValueExact);
        }

        writer.EndStruct();
    }
}
