using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Schemas;

public class SchemaJsonTests
{
    private const string Key = """{"name":"key","type":"LongType"}""";

    private static readonly Schema Everything = Schema.Create()
        .RowKey("id", FieldType.String)
        .SortKey("ts", FieldType.Long)
        .Value("cnt", FieldType.Int, nullable: true)
        .Value("tags", FieldType.List(FieldType.String))
        .Value("attrs", FieldType.Map(FieldType.String, FieldType.Long))
        .Value("raw", FieldType.ByteArray)
        .Build();

    public static TheoryData<string> FixtureNames =>
        [.. Directory.GetFiles(SketchFixtures.Area("schemas"), "*.pretty.json").Select(f => Path.GetFileName(f)[..^".pretty.json".Length]).Order(StringComparer.Ordinal)];

    [Fact]
    public void Item_1_the_JSON_has_all_three_lists_and_nullable_only_when_true()
    {
        const string json =
            """{"rowKeyFields":[{"name":"id","type":"StringType"}],"sortKeyFields":[{"name":"ts","type":"LongType"}],"valueFields":[""" +
            """{"name":"cnt","type":"IntType","nullable":true},{"name":"tags","type":{"ListType":{"elementType":"StringType"}}},""" +
            """{"name":"attrs","type":{"MapType":{"keyType":"StringType","valueType":"LongType"}}},{"name":"raw","type":"ByteArrayType"}]}""";
        Assert.Equal(json, Everything.ToJson());
        Assert.Equal(Everything, Schema.Parse(json));
        Assert.Equal(
            """{"rowKeyFields":[{"name":"k","type":"IntType"}],"sortKeyFields":[],"valueFields":[]}""",
            Schema.Create().RowKey("k", FieldType.Int).Build().ToJson());
    }

    [Theory]
    [MemberData(nameof(FixtureNames))]
    public void Item_1_fixtures_are_read_and_written_as_they_stand(string name)
    {
        string compact = File.ReadAllText(Path.Combine(SketchFixtures.Area("schemas"), name + ".json")).TrimEnd('\n');
        string pretty = File.ReadAllText(Path.Combine(SketchFixtures.Area("schemas"), name + ".pretty.json")).TrimEnd('\n');
        var schema = Schema.Parse(compact);
        Assert.Equal(schema, Schema.Parse(pretty));
        Assert.Equal(compact, schema.ToJson());
        Assert.Equal(pretty, schema.ToJson(indented: true));
    }

    [Fact]
    public void There_are_fixtures() => Assert.Equal(9, FixtureNames.Count);

    [Theory]
    [InlineData($$"""{"rowKeyFields":[{{Key}}]}""")]
    [InlineData($$"""{"rowKeyFields":[{{Key}}],"sortKeyFields":null,"valueFields":null}""")]
    [InlineData($$"""{"more":{"deep":[1,{}]},"valueFields":[],"rowKeyFields":[{"unit":"mm","name":"key","type":"LongType","doc":null}],"n":1}""")]
    [InlineData($$"""{"rowKeyFields":[{"type":"LongType","nullable":false,"name":"key"}]}""")]
    [InlineData($$"""{"rowKeyFields":[{"type":"LongType","nullable":null,"name":"key"}]}""")]
    [InlineData("/* a comment */ {\"rowKeyFields\":[" + Key + " // and another\n]}")]
    [InlineData($$"""{"rowKeyFields":[],"rowKeyFields":[{"name":"other","name":"key","type":"LongType"}]}""")]
    public void Item_2_what_is_absent_null_or_unknown_does_not_matter(string json)
    {
        Assert.Equal(Schema.Create().RowKey("key", FieldType.Long).Build(), Schema.Parse(json));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("\"true\"", true)]
    [InlineData("\"TrUe\"", true)]
    [InlineData("\"yes\"", false)]
    [InlineData("\"1\"", false)]
    [InlineData("\" true\"", false)]
    [InlineData("\"\"", false)]
    public void Item_2_nullable_may_be_a_string(string nullable, bool expected)
    {
        var schema = Schema.Parse($$"""{"rowKeyFields":[{{Key}}],"valueFields":[{"name":"v","type":"IntType","nullable":{{nullable}}}]}""");
        Assert.Equal(expected, schema.ValueFields[0].IsNullable);
    }

    [Theory]
    [InlineData("", "$", "is empty")]
    [InlineData(" \n", "$", "is empty")]
    [InlineData("null", "$", "this is null")]
    [InlineData("[]", "$", "this is an array")]
    [InlineData("{", "$", "not well-formed JSON at line 1")]
    [InlineData("{}", "$", "Must have at least one row key field")]
    [InlineData("""{"rowKeyFields":[]}""", "$", "Must have at least one row key field")]
    [InlineData("""{"rowKeyFields":null}""", "$", "Must have at least one row key field")]
    [InlineData("""{"rowKeyFields":{}}""", "rowKeyFields", "this is an object")]
    [InlineData("""{"rowKeyFields":[null]}""", "rowKeyFields[0]", "this is null")]
    [InlineData("""{"rowKeyFields":["key"]}""", "rowKeyFields[0]", "this is a string")]
    [InlineData("""{"rowKeyFields":[{"type":"IntType"}]}""", "rowKeyFields[0]", "name must not be null")]
    [InlineData("""{"rowKeyFields":[{"name":"a"}]}""", "rowKeyFields[0]", "type must not be null")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":null}]}""", "rowKeyFields[0]", "type must not be null")]
    [InlineData("""{"rowKeyFields":[{"name":7,"type":"IntType"}]}""", "rowKeyFields[0].name", "this is a number")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":"inttype"}]}""", "rowKeyFields[0].type", "Unknown type inttype")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":"ListType"}]}""", "rowKeyFields[0].type", "Unknown type ListType")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":5}]}""", "rowKeyFields[0].type", "Unknown type 5")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":{"SetType":{}}}]}""", "rowKeyFields[0].type", """Unknown type {"SetType":{}}""")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":"IntType","nullable":1}]}""", "rowKeyFields[0].nullable", "this is a number")]
    [InlineData("""{"rowKeyFields":[{"name":"\ud800","type":"IntType"}]}""", "rowKeyFields[0].name", "half of a surrogate pair")]
    [InlineData("""{"rowKeyFields":[{"name":"a","type":"IntType","\ud800":1}]}""", "$", "half of a surrogate pair")]
    public void Item_3_faults_of_the_text_say_what_and_where(string json, string path, string words)
    {
        var fault = Assert.Throws<SchemaFormatException>(() => Schema.Parse(json));
        Assert.Equal(path, fault.Path);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.False(fault.IsRetryable);
    }

    [Theory]
    [InlineData("""{"ListType":{"elementType":"ListType"}}""", ".ListType.elementType", "Unknown type ListType")]
    [InlineData("""{"ListType":{"elementType":{"ListType":{"elementType":"IntType"}}}}""", ".ListType.elementType", "cannot be nested")]
    [InlineData("""{"ListType":{}}""", ".ListType", "elementType must not be null")]
    [InlineData("""{"ListType":"IntType"}""", ".ListType", "elementType must not be null")]
    [InlineData("""{"MapType":{"keyType":"IntType","valueType":{"ListType":{"elementType":"IntType"}}}}""", ".MapType.valueType", "cannot be nested")]
    [InlineData("""{"MapType":{"keyType":"IntType","valueType":"FloatType"}}""", ".MapType.valueType", "Unknown type FloatType")]
    [InlineData("""{"MapType":{"valueType":"IntType"}}""", ".MapType", "keyType must not be null")]
    [InlineData("""{"ListType":null}""", "", "neither 'MapType' nor 'ListType'")]
    public void Item_4_lists_and_maps_hold_primitives_only(string type, string path, string words)
    {
        string json = $$"""{"rowKeyFields":[{{Key}}],"valueFields":[{"name":"v","type":{{type}}}]}""";
        var fault = Assert.Throws<SchemaFormatException>(() => Schema.Parse(json));
        Assert.Equal("valueFields[0].type" + path, fault.Path);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Item_3_faults_of_the_text_come_before_faults_of_the_schema()
    {
        var fault = Assert.Throws<SchemaFormatException>(
            () => Schema.Parse("""{"rowKeyFields":[],"valueFields":[{"name":"v","type":"FloatType"}]}"""));
        Assert.Contains("Unknown type FloatType", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_of_the_schema_carries_the_check_that_failed()
    {
        var fault = Assert.Throws<SchemaFormatException>(() => Schema.Parse($$"""{"rowKeyFields":[{{Key}},{{Key}}]}"""));
        Assert.IsType<ArgumentException>(fault.InnerException);
        Assert.Equal("Found duplicate field names: [key]", fault.Message);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_the_text_is_refused()
    {
        Assert.Throws<SchemaFormatException>(() => Schema.Parse("{\"rowKeyFields\":[{\"name\":\"a\ud800\",\"type\":\"IntType\"}]}"));
    }

    [Fact]
    public void A_missing_text_is_a_fault_of_the_call() => Assert.Throws<ArgumentNullException>(() => Schema.Parse(null!));

    [Fact]
    public void Any_name_survives_writing_and_reading()
    {
        string[] names = ["", " ", "a b", "é", "日本", "\uD83D\uDE00", "\"\\/\b\f\n\r\t\0", "<>&='", "Key", "key", "\uFFFF", "${x}", "+`"];
        var schema = new Schema([.. names.Select(n => new Field(n, FieldType.Int))]);
        Assert.Equal(schema, Schema.Parse(schema.ToJson()));
        Assert.Equal(schema, Schema.Parse(schema.ToJson(indented: true)));
        Assert.DoesNotContain(schema.ToJson(), c => c is '<' or '>' or '&' or '=' or '\'');
        Assert.Contains("日本", schema.ToJson(), StringComparison.Ordinal);
    }
}
