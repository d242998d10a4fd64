using Sleeper.Ingest.Core.Parquet.Thrift;

namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>What the values of a schema node mean, with the parameters that its kind has.</summary>
internal sealed record LogicalType(LogicalTypeKind Kind)
{
    public static readonly LogicalType String = new(LogicalTypeKind.String);
    public static readonly LogicalType List = new(LogicalTypeKind.List);
    public static readonly LogicalType Map = new(LogicalTypeKind.Map);

    /// <summary>Of a decimal.</summary>
    public int Scale { get; init; }

    /// <summary>Of a decimal.</summary>
    public int Precision { get; init; }

    /// <summary>Of a time or timestamp.</summary>
    public bool IsAdjustedToUtc { get; init; }

    /// <summary>Of a time or timestamp.</summary>
    public TimeUnit Unit { get; init; }

    /// <summary>Of an integer: 8, 16, 32 or 64.</summary>
    public int BitWidth { get; init; }

    /// <summary>Of an integer.</summary>
    public bool IsSigned { get; init; }

    /// <summary>Reads a union; a kind that is newer than this library is kept by its number, without parameters.</summary>
    public static LogicalType Read(ref ThriftCompactReader reader)
    {
        LogicalType? result = null;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            result = new LogicalType((LogicalTypeKind)id);
            switch (result.Kind)
            {
                case LogicalTypeKind.Decimal:
                    result = ReadDecimal(ref reader, result);
                    break;
                case LogicalTypeKind.Time or LogicalTypeKind.Timestamp:
                    result = ReadTime(ref reader, result);
                    break;
                case LogicalTypeKind.Integer:
                    result = ReadInteger(ref reader, result);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (result is null)
        {
            reader.Throw("a logical type is empty");
        }

        return result;
    }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.StructField((short)Kind);
        writer.BeginStruct();
        switch (Kind)
        {
            case LogicalTypeKind.Decimal:
                writer.I32Field(1, Scale);
                writer.I32Field(2, Precision);
                break;
            case LogicalTypeKind.Time or LogicalTypeKind.Timestamp:
                writer.BoolField(1, IsAdjustedToUtc);
                writer.StructField(2);
                writer.BeginStruct();
                writer.EmptyStructField((short)Unit);
                writer.EndStruct();
                break;
            case LogicalTypeKind.Integer:
                writer.I8Field(1, (sbyte)BitWidth);
                writer.BoolField(2, IsSigned);
                break;
        }

        writer.EndStruct();
        writer.EndStruct();
    }

    private static LogicalType ReadDecimal(ref ThriftCompactReader reader, LogicalType result)
    {
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 1:
                    result = result with { Scale = reader.ReadI32() };
                    break;
                case 2:
                    result = result with { Precision = reader.ReadI32() };
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return result;
    }

    private static LogicalType ReadTime(ref ThriftCompactReader reader, LogicalType result)
    {
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 1:
                    result = result with { IsAdjustedToUtc = reader.ReadBool() };
                    break;
                case 2:
                    result = result with { Unit = ReadUnit(ref reader) };
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return result;
    }

    private static TimeUnit ReadUnit(ref ThriftCompactReader reader)
    {
        TimeUnit unit = default;
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            unit = (TimeUnit)id;
            reader.Skip();
        }

        return unit;
    }

    private static LogicalType ReadInteger(ref ThriftCompactReader reader, LogicalType result)
    {
        reader.EnterStruct();
        while (reader.NextField(out short id))
        {
            switch (id)
            {
                case 1:
                    result = result with { BitWidth = reader.ReadI8() };
                    break;
                case 2:
                    result = result with { IsSigned = reader.ReadBool() };
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return result;
    }
}
