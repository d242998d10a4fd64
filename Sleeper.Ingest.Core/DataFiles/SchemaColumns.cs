using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>The Parquet schema of a table's data files.</summary>
/// <remarks>
/// <code>
/// int, long         INT32, INT64, no annotation
/// string            BYTE_ARRAY, STRING and UTF8
/// byte array        BYTE_ARRAY, no annotation
/// list f            group f (LIST) { repeated group list { required E f } }         the element is named after the field
/// map f             group f (MAP)  { repeated group key_value { required K key; required V value } }
/// nullable          OPTIONAL; everything else is REQUIRED
/// </code>
/// The readers of a live instance match names and repetition strictly, so this is exact.
/// </remarks>
internal static class SchemaColumns
{
    public const string MapValueName = "value";

    /// <summary>Columns in the order row keys, sort keys, values; the message is named <c>record</c>.</summary>
    public static ParquetSchema ToParquet(Schema schema) => new("record", [.. schema.AllFields.Select(ToNode)]);

    private static SchemaNode ToNode(Field field)
    {
        var repetition = field.IsNullable ? Repetition.Optional : Repetition.Required;
        return field.Type.Kind switch
        {
            FieldTypeKind.List => SchemaNode.Group(
                field.Name,
                repetition,
                [SchemaNode.Group("list", Repetition.Repeated, [Primitive(field.Name, Repetition.Required, field.Type.ElementType!)])],
                LogicalType.List,
                ConvertedType.List),
            FieldTypeKind.Map => SchemaNode.Group(
                field.Name,
                repetition,
                [
                    SchemaNode.Group(
                        "key_value",
                        Repetition.Repeated,
                        [Primitive("key", Repetition.Required, field.Type.KeyType!), Primitive(MapValueName, Repetition.Required, field.Type.ValueType!)]),
                ],
                LogicalType.Map,
                ConvertedType.Map),
            _ => Primitive(field.Name, repetition, field.Type),
        };
    }

    private static SchemaNode Primitive(string name, Repetition repetition, FieldType type) => type.Kind switch
    {
        FieldTypeKind.Int => SchemaNode.Primitive(name, repetition, PhysicalType.Int32),
        FieldTypeKind.Long => SchemaNode.Primitive(name, repetition, PhysicalType.Int64),
        FieldTypeKind.String => SchemaNode.Utf8(name, repetition),
        _ => SchemaNode.Primitive(name, repetition, PhysicalType.ByteArray),
    };
}
