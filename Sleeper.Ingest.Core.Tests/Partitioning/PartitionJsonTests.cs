using System.Buffers;
using System.Text;
using System.Text.Json;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Partitioning;

public sealed class PartitionJsonTests
{
    private static readonly Schema Area = Schema.Create().RowKey("area", FieldType.String).Build();

    public static TheoryData<string> Fixtures => [.. TransactionFixture.Names.Where(n => n.Contains("PARTITION", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Partitions_of_the_java_system_are_read_and_written_back(string name)
    {
        var fixture = TransactionFixture.Read(name);
        var schema = fixture.Schema ?? TransactionFixture.AreaAndId;
        using var body = JsonDocument.Parse(fixture.Text);
        int count = 0;
        foreach (var member in body.RootElement.EnumerateObject())
        {
            JsonElement[] partitions = member.Value.ValueKind == JsonValueKind.Array ? [.. member.Value.EnumerateArray()] : [member.Value];
            foreach (var partition in partitions)
            {
                TransactionFixture.AssertSameJson(partition.GetRawText(), Write(PartitionJson.Read(partition, schema)));
                count++;
            }
        }

        Assert.Equal(name == "INITIALISE_PARTITIONS.empty", count == 0);
    }

    [Fact]
    public void All_key_types_and_their_limits_come_back()
    {
        var schema = Schema.Create().RowKey("i", FieldType.Int).RowKey("l", FieldType.Long).RowKey("s", FieldType.String).RowKey("b", FieldType.ByteArray).Build();
        var partition = new Partition(
            "p", "q", [],
            new Region(
            [
                new("i", int.MinValue, int.MaxValue), new("l", long.MinValue, 9007199254740993L), new("s", "é日😀", "\U0010FFFF"),
                new("b", new byte[] { 0, 0xFF }, new byte[] { 0x80 }),
            ]),
            -1);
        Assert.Equal(partition, Read(Write(partition), schema));
    }

    [Fact]
    public void Nulls_defaults_plain_text_and_unknown_members_are_taken()
    {
        var partition = Read("""
            {"later":1,"dimension":-1,"region":{"stringsBase64Encoded":false,"area":{"later":{},"min":"b","max":null,"maxInclusive":true}},
             "childPartitionIds":[],"parentPartitionId":null,"isLeafPartition":true,"partitionId":"p"}
            """);
        Assert.Equal(new Partition("p", null, [], new Region([new("area", "b", FieldValue.Null)]), -1), partition);
    }

    [Fact]
    public void A_missing_range_holds_everything() =>
        Assert.Equal(Region.Everything(Area), Read("""{"partitionId":"p","isLeafPartition":true,"childPartitionIds":[],"region":{},"dimension":-1}""").Region);

    [Theory]
    [InlineData("\"partitionId\":\"p\",", "", "no 'partitionId'")]
    [InlineData("\"dimension\":-1", "\"x\":1", "'p' has no 'dimension'")]
    [InlineData("\"childPartitionIds\":[],", "", "'p' has no 'childPartitionIds'")]
    [InlineData("[]", "[\"a\",\"b\"]", "isLeafPartition")]
    [InlineData("\"min\":\"YQ==\",", "", "has no 'min'")]
    [InlineData("\"min\":\"YQ==\"", "\"min\":null", "has no 'min'")]
    [InlineData("\"minInclusive\":true", "\"minInclusive\":false", "excludes its minimum")]
    [InlineData("\"maxInclusive\":false", "\"maxInclusive\":true", "includes its maximum")]
    [InlineData("YQ==", "Y", "not base64")]
    [InlineData("YQ==", "/w==", "UTF-8")]
    [InlineData("\"YQ==\"", "7", "not a string")]
    [InlineData("\"area\"", "\"other\"", "no row key")]
    [InlineData("\"q\"", "\"\\ud800\"", "half of a surrogate pair")]
    [InlineData("\"dimension\":-1", "\"dimension\":-1,\"\\ud800\\ud800\":1", "half of a surrogate pair")]
    [InlineData("\"area\"", "\"\\ud800\"", "half of a surrogate pair")]
    public void What_is_not_a_partition_is_refused_by_name(string part, string replacement, string message)
    {
        const string Good = """
            {"partitionId":"p","isLeafPartition":true,"parentPartitionId":"q","childPartitionIds":[],"region":{"area":{"min":"YQ==","minInclusive":true,"max":"Yg==","maxInclusive":false},"stringsBase64Encoded":true},"dimension":-1}
            """;
        Assert.Equal("p", Read(Good).Id);
        Assert.Contains(message, Assert.Throws<PartitionFormatException>(() => Read(Good.Replace(part, replacement, StringComparison.Ordinal))).Message);
    }

    private static Partition Read(string json, Schema? schema = null)
    {
        using var document = JsonDocument.Parse(json);
        return PartitionJson.Read(document.RootElement, schema ?? Area);
    }

    private static string Write(Partition partition)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            PartitionJson.Write(json, partition);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
