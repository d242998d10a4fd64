using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Schemas;

public class SchemaTests
{
    private static readonly Field Key = new("key", FieldType.Long);
    private static readonly Field List = new("list", FieldType.List(FieldType.Int));
    private static readonly Field Map = new("map", FieldType.Map(FieldType.Int, FieldType.Int));
    private static readonly Field Maybe = new("maybe", FieldType.Int, IsNullable: true);

    public static TheoryData<string, Field[], Field[], Field[]> BadSchemas => new()
    {
        { "Must have at least one row key field", [], [List, Maybe], [Key, Key] },
        { "Row key fields must have a primitive type", [Maybe, List], [List], [] },
        { "Row key fields must have a primitive type", [Map], [], [] },
        { "Row key fields cannot be nullable", [Key, Maybe], [List], [] },
        { "Sort key fields must have a primitive type", [Key], [Maybe, List], [Key] },
        { "Sort key fields must have a primitive type", [Key], [Map], [] },
        { "Sort key fields cannot be nullable", [Key], [Maybe], [Key] },
        { "Found duplicate field names: [b, key]", [Key, new("b", FieldType.Int)], [Key], [new("c", FieldType.Int), new("b", FieldType.String), Key] },
        { "Found duplicate field names: [a.b]", [new("a.b", FieldType.Int)], [], [new("a.b", FieldType.Int)] },
        { "Row key field 'a.b' has a dot in its name", [Key, new("a.b", FieldType.Int)], [], [] },
        { "half of a surrogate pair", [Key], [], [new("\uDC00", FieldType.Int)] },
        { "Row key field 2 of 2 is null", [Key, null!], [], [] },
        { "Sort key field 1 of 1 has no name: name must not be null", [Key], [new(null!, FieldType.Int)], [] },
        { "Value field 'v' has no type: type must not be null", [], [], [new("v", null!)] },
    };

    [Theory]
    [MemberData(nameof(BadSchemas))]
    public void Item_3_what_makes_no_schema_is_refused_in_the_order_of_the_checks(string words, Field[] rowKeys, Field[] sortKeys, Field[] values)
    {
        var fault = Assert.Throws<ArgumentException>(() => new Schema(rowKeys, sortKeys, values));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Item_4_a_list_or_map_of_lists_or_maps_cannot_be_made()
    {
        foreach (var nested in new[] { List.Type, Map.Type })
        {
            Assert.Contains("one level deep", Assert.Throws<ArgumentException>("elementType", () => FieldType.List(nested)).Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>("keyType", () => FieldType.Map(nested, FieldType.Int));
            Assert.Throws<ArgumentException>("valueType", () => FieldType.Map(FieldType.Int, nested));
        }

        Assert.Throws<ArgumentNullException>("elementType", () => FieldType.List(null!));
    }

    [Fact]
    public void Fields_are_in_the_order_row_keys_sort_keys_values()
    {
        var schema = Schema.Create()
            .Value("v1", FieldType.Int).SortKey("s", FieldType.String).RowKey("r1", FieldType.Long)
            .Value("v2", FieldType.ByteArray, nullable: true).RowKey("r2", FieldType.ByteArray).Build();
        Assert.Equal(["r1", "r2", "s", "v1", "v2"], schema.AllFields.Select(f => f.Name));
        Assert.Equal(3, schema.KeyFieldCount);
        Assert.Equal(2, schema.IndexOf("s"));
        Assert.Equal(-1, schema.IndexOf("S"));
        Assert.Equal(-1, schema.IndexOf(""));
        Assert.Throws<ArgumentNullException>("name", () => schema.IndexOf(null!));
        Assert.Equal("row keys [r1 Long, r2 ByteArray], sort keys [s String], values [v1 Int, v2 ByteArray?]", schema.ToString());
    }

    [Fact]
    public void Names_that_differ_in_case_or_form_are_different()
    {
        var schema = new Schema([new("Key", FieldType.Int), new("key", FieldType.Int), new("e\u0301", FieldType.Int), new("é", FieldType.Int)]);
        Assert.Equal([0, 1, 2, 3], new[] { "Key", "key", "e\u0301", "é" }.Select(schema.IndexOf));
    }

    [Fact]
    public void Schemas_are_equal_if_their_lists_are()
    {
        var schema = new Schema([Key], [new("s", FieldType.Int)], [Maybe, List]);
        var same = new Schema([Key with { }], [new("s", FieldType.Int)], [Maybe, new("list", FieldType.List(FieldType.Int))]);
        Assert.Equal(schema, same);
        Assert.Equal(schema.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(schema, new Schema([Key], [new("s", FieldType.Int)], [List, Maybe]));
        Assert.NotEqual(schema, new Schema([Key, new("s", FieldType.Int)], [], [Maybe, List]));
        Assert.NotEqual(schema, new Schema([Key], [new("s", FieldType.Long)], [Maybe, List]));
        Assert.NotEqual(schema, new Schema([Key], [new("s", FieldType.Int)], [Maybe with { IsNullable = false }, List]));
        Assert.False(schema.Equals(null));
    }

    [Fact]
    public void A_schema_does_not_change_with_the_lists_it_was_made_of()
    {
        List<Field> keys = [Key];
        var schema = new Schema(keys);
        keys.Add(Maybe);
        Assert.Single(schema.RowKeyFields);
        Assert.IsNotType<Field[]>(schema.AllFields);
    }

    [Fact]
    public void A_dot_in_a_name_other_than_a_row_keys_gives_a_warning()
    {
        Assert.Empty(new Schema([Key], [], [List]).NameWarnings);
        var schema = new Schema([Key], [new("s.1", FieldType.Int)], [new("v", FieldType.Int), new("v.1", FieldType.Int)]);
        Assert.Equal(2, schema.NameWarnings.Count);
        Assert.Contains("'s.1'", schema.NameWarnings[0], StringComparison.Ordinal);
        Assert.Contains("'v.1'", schema.NameWarnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Types_are_equal_if_their_parts_are()
    {
        FieldType[] types =
        [
            FieldType.Int, FieldType.Long, FieldType.String, FieldType.ByteArray, FieldType.List(FieldType.Int), FieldType.List(FieldType.Long),
            FieldType.Map(FieldType.Int, FieldType.Long), FieldType.Map(FieldType.Long, FieldType.Int),
        ];
        Assert.Equal(types.Length, types.Distinct().Count());
        Assert.Equal(FieldType.Map(FieldType.Int, FieldType.Long), types[6]);
        Assert.Equal(FieldType.Map(FieldType.Int, FieldType.Long).GetHashCode(), types[6].GetHashCode());
        Assert.Equal(
            ["Int", "Long", "String", "ByteArray", "List(Int)", "List(Long)", "Map(Int, Long)", "Map(Long, Int)"], types.Select(t => t.ToString()));
        Assert.Equal([true, true, true, true, false, false, false, false], types.Select(t => t.IsPrimitive));
    }

    [Fact]
    public void A_type_tells_its_parts()
    {
        var list = FieldType.List(FieldType.String);
        var map = FieldType.Map(FieldType.Long, FieldType.ByteArray);
        Assert.Equal((FieldTypeKind.List, FieldType.String, null, null), (list.Kind, list.ElementType, list.KeyType, list.ValueType));
        Assert.Equal((FieldTypeKind.Map, null, FieldType.Long, FieldType.ByteArray), (map.Kind, map.ElementType, map.KeyType, map.ValueType));
    }

    [Fact]
    public void A_field_prints_as_name_type_and_question_mark()
    {
        Assert.Equal("maybe Int?", Maybe.ToString());
        Assert.Equal("list List(Int)", List.ToString());
    }
}
