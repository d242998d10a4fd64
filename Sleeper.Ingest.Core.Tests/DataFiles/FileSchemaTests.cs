using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.DataFiles;

/// <summary>Schemas made from files, and files matched to schemas: every layout of lists and maps, and every fault by name.</summary>
public class FileSchemaTests
{
    private static SchemaNode Key => SchemaNode.Primitive("key", Repetition.Required, PhysicalType.Int32);

    [Fact]
    public void A_schema_is_made_of_keys_by_name_and_all_other_columns()
    {
        var file = new ParquetSchema(
            "m",
            [
                SchemaNode.Utf8("text", Repetition.Optional), SchemaNode.Primitive("when", Repetition.Optional, PhysicalType.Int64), Key,
                SchemaNode.Primitive("raw", Repetition.Required, PhysicalType.ByteArray),
                SchemaNode.List("list", Repetition.Optional, SchemaNode.Utf8("element", Repetition.Optional)),
                SchemaNode.Map("map", Repetition.Required, SchemaNode.Utf8("key", Repetition.Required), SchemaNode.Primitive("value", Repetition.Optional, PhysicalType.Int64)),
                SchemaNode.Primitive("plain list", Repetition.Repeated, PhysicalType.Int32),
            ]);

        var schema = FileSchema.Infer(file, ["key"], ["when"], "f.parquet");

        Assert.Equal(
            Schema.Create().RowKey("key", FieldType.Int).SortKey("when", FieldType.Long).Value("text", FieldType.String, nullable: true)
                .Value("raw", FieldType.ByteArray).Value("list", FieldType.List(FieldType.String), nullable: true)
                .Value("map", FieldType.Map(FieldType.String, FieldType.Long)).Value("plain list", FieldType.List(FieldType.Int)).Build(),
            schema);
        Assert.Empty(FileSchemaMatch.Make(schema, file).Faults);
    }

    [Fact]
    public void Keys_that_are_missing_and_columns_that_no_field_can_hold_are_all_named()
    {
        var file = new ParquetSchema(
            "m",
            [
                Key, SchemaNode.Primitive("real", Repetition.Required, PhysicalType.Double),
                SchemaNode.Group("group", Repetition.Required, Pair()), SchemaNode.Group("pairs", Repetition.Required, [SchemaNode.Group("array", Repetition.Repeated, Pair())], LogicalType.List),
            ]);
        static SchemaNode[] Pair() => [SchemaNode.Primitive("a", Repetition.Required, PhysicalType.Int32), SchemaNode.Primitive("b", Repetition.Required, PhysicalType.Int32)];

        string message = Assert.Throws<ArgumentException>(() => FileSchema.Infer(file, ["Key"], ["sort"], "f.parquet")).Message;

        Assert.All((string[])["f.parquet", "'Key'", "'sort'", "'real'", "Double", "'group'", "'pairs'"], w => Assert.Contains(w, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(FieldTypeKind.Int, PhysicalType.Int32, true)]
    [InlineData(FieldTypeKind.Int, PhysicalType.Int64, false)]
    [InlineData(FieldTypeKind.Long, PhysicalType.Int64, true)]
    [InlineData(FieldTypeKind.Long, PhysicalType.Int32, true)]
    [InlineData(FieldTypeKind.String, PhysicalType.ByteArray, true)]
    [InlineData(FieldTypeKind.String, PhysicalType.Int32, false)]
    [InlineData(FieldTypeKind.ByteArray, PhysicalType.ByteArray, true)]
    [InlineData(FieldTypeKind.ByteArray, PhysicalType.Double, false)]
    [InlineData(FieldTypeKind.Int, PhysicalType.Boolean, true)]
    [InlineData(FieldTypeKind.Int, PhysicalType.Float, false)]
    internal void A_column_fits_a_field_if_no_value_can_be_lost(FieldTypeKind kind, PhysicalType physical, bool fits)
    {
        var type = kind switch { FieldTypeKind.Int => FieldType.Int, FieldTypeKind.Long => FieldType.Long, FieldTypeKind.String => FieldType.String, _ => FieldType.ByteArray };
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("f", type).Build();

        var match = FileSchemaMatch.Make(schema, new ParquetSchema("m", [Key, SchemaNode.Primitive("f", Repetition.Optional, physical)]));

        Assert.Equal(fits, match.Faults.Count == 0);
        Assert.All(match.Faults, f => Assert.Contains("'f'", f, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_fault_is_listed_and_surplus_columns_are_named()
    {
        var schema = Schema.Create().RowKey("key", FieldType.Int).Value("gone", FieldType.Int).Value("maybe", FieldType.Int, nullable: true)
            .Value("list", FieldType.List(FieldType.Int)).Value("map", FieldType.Map(FieldType.Int, FieldType.Int)).Build();
        var file = new ParquetSchema("m", [Key, SchemaNode.Utf8("list", Repetition.Required), SchemaNode.Utf8("map", Repetition.Required), SchemaNode.Utf8("more", Repetition.Required)]);

        var match = FileSchemaMatch.Make(schema, file);

        Assert.Equal(3, match.Faults.Count);
        Assert.All((string[])["'gone'", "'list'", "'map'"], name => Assert.Contains(match.Faults, f => f.Contains(name, StringComparison.Ordinal)));
        Assert.Equal(["more"], match.UnusedColumns);
    }
}
