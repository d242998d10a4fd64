using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Parquet.Schemas;

public class ParquetSchemaTests
{
    [Fact]
    public void Leaves_have_the_paths_and_levels_of_their_place()
    {
        ParquetSchema schema = Sample();
        Assert.Equal(["key", "n", "tags.list.tags", "attrs.key_value.key", "attrs.key_value.value"], schema.Columns.Select(column => column.DottedPath));
        Assert.Equal([0, 1, 2, 1, 1], schema.Columns.Select(column => column.MaxDefinitionLevel));
        Assert.Equal([0, 0, 1, 1, 1], schema.Columns.Select(column => column.MaxRepetitionLevel));
        Assert.Equal(3, schema.Fields[3].FirstLeaf);
        Assert.Equal(2, schema.Fields[3].LeafCount);
    }

    [Fact]
    public void A_schema_survives_the_footer()
    {
        IReadOnlyList<SchemaElement> elements = Sample().ToElements();
        IReadOnlyList<SchemaElement> again = ParquetSchema.FromElements(elements).ToElements();
        Assert.Equivalent(elements, again, strict: true);
        Assert.Equal(["record", "key", "n", "tags", "list", "tags", "attrs", "key_value", "key", "value"], again.Select(element => element.Name));
        Assert.Null(again[0].Repetition);
        Assert.Equal(ConvertedType.List, again[3].ConvertedType);
        Assert.Null(again[4].ConvertedType);
    }

    [Fact]
    public void Children_that_are_not_there_are_refused()
    {
        var e = Assert.Throws<ParquetFormatException>(() => ParquetSchema.FromElements([new SchemaElement { Name = "record", NumChildren = 2_000_000_000 }]));
        Assert.Contains("claims 2000000000 children, but 0 elements follow", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Deep enough to use up the stack, if each level took some.</summary>
    [Fact]
    public void Groups_in_groups_without_end_are_refused()
    {
        SchemaElement group = new() { Name = "g", NumChildren = 1, Repetition = Repetition.Optional };
        var e = Assert.Throws<ParquetFormatException>(() => ParquetSchema.FromElements(
            [.. Enumerable.Repeat(group, 1_000_000), new SchemaElement { Name = "a", Type = PhysicalType.Int32, Repetition = Repetition.Required }]));
        Assert.Contains("nested more than", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Elements_outside_the_tree_are_refused()
    {
        SchemaElement leaf = new() { Name = "a", Type = PhysicalType.Int32, Repetition = Repetition.Required };
        var e = Assert.Throws<ParquetFormatException>(() => ParquetSchema.FromElements([new SchemaElement { Name = "record", NumChildren = 1 }, leaf, leaf]));
        Assert.Contains("not a part of the tree", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leaf_without_a_known_type_is_refused()
    {
        SchemaElement leaf = new() { Name = "a", Type = (PhysicalType)99, Repetition = Repetition.Required };
        Assert.Throws<ParquetFormatException>(() => ParquetSchema.FromElements([new SchemaElement { Name = "record", NumChildren = 1 }, leaf]));
    }

    private static ParquetSchema Sample() => new("record",
    [
        SchemaNode.Utf8("key", Repetition.Required),
        SchemaNode.Primitive("n", Repetition.Optional, PhysicalType.Int64),
        SchemaNode.List("tags", Repetition.Optional, SchemaNode.Utf8("tags", Repetition.Required)),
        SchemaNode.Map("attrs", Repetition.Required, SchemaNode.Utf8("key", Repetition.Required), SchemaNode.Primitive("value", Repetition.Required, PhysicalType.Int64)),
    ]);
}
