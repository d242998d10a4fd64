using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>
/// What the statistics of a row group promise of its first row key: no value below <paramref name="Min"/>, none above <paramref name="Max"/>, both
/// encoded; null where nothing is promised.
/// </summary>
internal sealed record RowGroupBounds(byte[]? Min, byte[]? Max)
{
    private static readonly RowGroupBounds Unknown = new(null, null);

    /// <summary>
    /// Reads the bounds. Statistics of byte arrays are by unsigned bytes, so they say nothing where the table's order is Java's; those of columns
    /// with a meaning of their own (unsigned numbers, decimals) are by that meaning and are left alone.
    /// </summary>
    public static RowGroupBounds Of(FileMetadata file, int rowGroup, LeafColumn column, Field field, KeyOrder order)
    {
        var statistics = file.RowGroups[rowGroup].Columns[column.Index].Metadata?.Statistics;
        bool isBytes = field.Type.Kind is FieldTypeKind.String or FieldTypeKind.ByteArray;
        if (statistics is null || (isBytes && order != KeyOrder.Bytes) || !IsOrderedByValue(file, column))
        {
            return Unknown;
        }

        return new RowGroupBounds(Encode(statistics.MinValue, column, field), Encode(statistics.MaxValue, column, field));
    }

    /// <summary>False if no key of the row group can be in a range.</summary>
    public bool MayMeet(ReadOnlySpan<byte> lower, byte[]? upper)
    {
        // All keys begin with a value of at most Max: they are below the range if Max is, unless the range begins with Max itself.
        bool isBelow = Max is not null && Max.AsSpan().SequenceCompareTo(lower) < 0 && !lower.StartsWith(Max);
        bool isAbove = Min is not null && upper is not null && Min.AsSpan().SequenceCompareTo(upper) >= 0;
        return !isBelow && !isAbove;
    }

    private static bool IsOrderedByValue(FileMetadata file, LeafColumn column) =>
        (file.ColumnOrders is null || (column.Index < file.ColumnOrders.Count && file.ColumnOrders[column.Index] == ColumnOrder.TypeDefined))
        && column.ConvertedType is null or ConvertedType.Utf8
        && column.LogicalType is null or { Kind: LogicalTypeKind.String };

    private static byte[]? Encode(byte[]? plain, LeafColumn column, Field field)
    {
        if (plain is null)
        {
            return null;
        }

        return column.PhysicalType switch
        {
            PhysicalType.Int32 when plain.Length == 4 => Encode(BinaryPrimitives.ReadInt32LittleEndian(plain), field),
            PhysicalType.Int64 when plain.Length == 8 => Encode(BinaryPrimitives.ReadInt64LittleEndian(plain), field),
            PhysicalType.ByteArray => KeyEncoder.Encode(FieldValue.FromBytes(plain), KeyOrder.Bytes),
            _ => null,
        };
    }

    private static byte[] Encode(long value, Field field) =>
        KeyEncoder.Encode(field.Type.Kind == FieldTypeKind.Int ? FieldValue.FromInt((int)value) : FieldValue.FromLong(value), KeyOrder.Bytes);
}
