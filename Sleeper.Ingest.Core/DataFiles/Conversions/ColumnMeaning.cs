using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.DataFiles.Conversions;

/// <summary>What the values of a leaf column mean, from its newer or its older annotation. An annotation that is unknown, or does not fit the physical type, is none.</summary>
/// <param name="Kind">What they are.</param>
/// <param name="Scale">Of a decimal: digits behind the point.</param>
/// <param name="Precision">Of a decimal: all digits.</param>
/// <param name="UnitsPerSecond">Of a time or timestamp.</param>
internal readonly record struct ColumnMeaning(MeaningKind Kind, int Scale = 0, int Precision = 0, long UnitsPerSecond = 0)
{
    public static ColumnMeaning Of(SchemaNode node) => node.PhysicalType switch
    {
        PhysicalType.Boolean => new(MeaningKind.Boolean),
        PhysicalType.Float => new(MeaningKind.Float),
        PhysicalType.Double => new(MeaningKind.Double),
        PhysicalType.Int96 => new(MeaningKind.Int96),
        PhysicalType.Int32 => OfInt32(node),
        PhysicalType.Int64 => OfInt64(node),
        _ => OfBytes(node),
    };

    private static ColumnMeaning OfInt32(SchemaNode node)
    {
        if (IsDecimal(node))
        {
            return Decimal(node);
        }

        var logical = node.LogicalType;
        return logical is { Kind: LogicalTypeKind.Integer, IsSigned: false } ? new(logical.BitWidth < 32 ? MeaningKind.Signed : MeaningKind.Unsigned)
            : node.ConvertedType is ConvertedType.UInt32 && logical is null ? new(MeaningKind.Unsigned)
            : logical?.Kind == LogicalTypeKind.Date || node.ConvertedType == ConvertedType.Date ? new(MeaningKind.Date)
            : logical?.Kind == LogicalTypeKind.Time || node.ConvertedType == ConvertedType.TimeMillis ? new(MeaningKind.Time, UnitsPerSecond: 1000)
            : new(MeaningKind.Signed);
    }

    private static ColumnMeaning OfInt64(SchemaNode node)
    {
        if (IsDecimal(node))
        {
            return Decimal(node);
        }

        var logical = node.LogicalType;
        long units = logical?.Kind is LogicalTypeKind.Timestamp or LogicalTypeKind.Time
            ? logical.Unit switch
            {
                TimeUnit.Millis => 1000,
                TimeUnit.Micros => 1_000_000,
                _ => 1_000_000_000,
            }
            : node.ConvertedType is ConvertedType.TimestampMillis or ConvertedType.TimeMillis ? 1000
            : 1_000_000;
        return logical?.Kind == LogicalTypeKind.Timestamp ? new(MeaningKind.Timestamp, UnitsPerSecond: units)
            : logical?.Kind == LogicalTypeKind.Time ? new(MeaningKind.Time, UnitsPerSecond: units)
            : logical is { Kind: LogicalTypeKind.Integer, IsSigned: false } ? new(MeaningKind.Unsigned)
            : logical is not null ? new(MeaningKind.Signed)
            : node.ConvertedType switch
            {
                ConvertedType.UInt64 => new(MeaningKind.Unsigned),
                ConvertedType.TimestampMillis or ConvertedType.TimestampMicros => new(MeaningKind.Timestamp, UnitsPerSecond: units),
                ConvertedType.TimeMicros => new(MeaningKind.Time, UnitsPerSecond: units),
                _ => new(MeaningKind.Signed),
            };
    }

    private static ColumnMeaning OfBytes(SchemaNode node) =>
        IsDecimal(node) ? Decimal(node)
        : node.LogicalType?.Kind == LogicalTypeKind.Uuid && node.TypeLength == 16 ? new(MeaningKind.Uuid)
        : node.LogicalType?.Kind == LogicalTypeKind.Float16 && node.TypeLength == 2 ? new(MeaningKind.Half)
        : new(MeaningKind.Bytes);

    private static bool IsDecimal(SchemaNode node) =>
        node.LogicalType?.Kind == LogicalTypeKind.Decimal || (node.LogicalType is null && node.ConvertedType == ConvertedType.Decimal);

    private static ColumnMeaning Decimal(SchemaNode node) => node.LogicalType is { } logical
        ? new(MeaningKind.Decimal, logical.Scale, logical.Precision)
        : new(MeaningKind.Decimal, node.Scale ?? 0, node.Precision ?? 0);
}

/// <summary>Kinds of values.</summary>
internal enum MeaningKind
{
    Boolean,
    Signed,

    /// <summary>Of 32 or 64 bits: those of fewer fit the signed ones that they lie in.</summary>
    Unsigned,
    Float,
    Double,
    Half,
    Decimal,
    Date,
    Time,
    Timestamp,
    Int96,
    Uuid,

    /// <summary>Text or bytes.</summary>
    Bytes,
}
