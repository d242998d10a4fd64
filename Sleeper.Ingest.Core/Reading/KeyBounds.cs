using System.Buffers.Binary;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>
/// What the statistics of a row group or a page promise of its first row key: no value below <paramref name="Min"/>, none above <paramref name="Max"/>, both
/// encoded; null where nothing is promised.
/// </summary>
internal sealed record KeyBounds(byte[]? Min, byte[]? Max)
{
    private static readonly KeyBounds Unknown = new(null, null);

    /// <summary>
    /// Reads the bounds. Statistics of byte arrays are by unsigned bytes, so they say nothing where the table's order is Java's; those of columns
    /// with a meaning of their own (unsigned numbers, decimals) are by that meaning and are left alone. So are those of files that do not say their order, and the
    /// deprecated ones, which writers filled by several orders and some wrongly.
    /// </summary>
    public static KeyBounds Of(FileMetadata file, int rowGroup, LeafColumn column, Field field, KeyOrder order)
    {
        var statistics = file.RowGroups[rowGroup].Columns[column.Index].Metadata?.Statistics;
        return statistics is null || !CanBeUsed(file, column, field, order) ? Unknown : Of(statistics.MinValue, statistics.MaxValue, column, field);
    }

    /// <summary>False if neither statistics nor page indexes of the column say anything of the order of keys.</summary>
    public static bool CanBeUsed(FileMetadata file, LeafColumn column, Field field, KeyOrder order)
    {
        bool isBytes = field.Type.Kind is FieldTypeKind.String or FieldTypeKind.ByteArray;
        return (!isBytes || order == KeyOrder.Bytes) && IsOrderedByValue(file, column);
    }

    /// <summary>The bounds for values in PLAIN encoding, where they can be used.</summary>
    public static KeyBounds Of(byte[]? min, byte[]? max, LeafColumn column, Field field) => new(Encode(min, column, field), Encode(max, column, field));

    /// <summary>False if no key of it can be in a range.</summary>
    public bool MayMeet(ReadOnlySpan<byte> lower, byte[]? upper)
    {
        // All keys begin with a value of at most Max: they are below the range if Max is, unless the range begins with Max itself.
        bool isBelow = Max is not null && Max.AsSpan().SequenceCompareTo(lower) < 0 && !lower.StartsWith(Max);
        bool isAbove = Min is not null && upper is not null && Min.AsSpan().SequenceCompareTo(upper) >= 0;
        return !isBelow && !isAbove;
    }

    /// <summary>True if all keys of it are in the range.</summary>
    public bool AreInside(ReadOnlySpan<byte> lower, byte[]? upper)
    {
        bool fromLower = lower.IsEmpty || (Min is not null && Min.AsSpan().SequenceCompareTo(lower) >= 0);
        bool toUpper = upper is null || (Max is not null && Max.AsSpan().SequenceCompareTo(upper) < 0 && !upper.AsSpan().StartsWith(Max));
        return fromLower && toUpper;
    }

    private static bool IsOrderedByValue(FileMetadata file, LeafColumn column) =>
        file.ColumnOrders is { } orders && column.Index < orders.Count && orders[column.Index] == ColumnOrder.TypeDefined
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
