using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Support;

public sealed class RowJsonTests
{
    private static readonly Schema Everything = new(
        [new Field("i", FieldType.Int)],
        [new Field("l", FieldType.Long), new Field("s", FieldType.String), new Field("b", FieldType.ByteArray)],
        [new Field("list", FieldType.List(FieldType.Long), true), new Field("map", FieldType.Map(FieldType.String, FieldType.ByteArray), true)]);

    private const string Line =
        """{"i":-7,"l":"9223372036854775807","s":"a\u00E9\uD83D\uDE00","b":{"hex":"00ff"},"list":["1","-2"],"map":[["k",{"hex":""}],["a",{"hex":"01"}]]}""";

    [Fact]
    public void A_row_of_every_type_is_read()
    {
        var row = RowJson.Parse(Line, Everything);

        Assert.Equal(-7, row.GetInt(0));
        Assert.Equal(long.MaxValue, row.GetLong(1));
        Assert.Equal("aé😀", row.GetString(2));
        Assert.Equal<byte>([0, 0xFF], row.GetBytes(3).ToArray());
        Assert.Equal(FieldValue.FromList([1L, -2L]), row[4]);
        Assert.Equal("{\"k\": 0x, \"a\": 0x01}", row[5].ToString());
    }

    [Fact]
    public void What_is_written_is_what_was_read() => Assert.Equal(Line, RowJson.Write(RowJson.Parse(Line, Everything)));

    [Fact]
    public void Missing_and_null_members_are_null_and_foreign_members_are_refused()
    {
        var row = RowJson.Parse("""{"i":1,"l":"2","s":"","b":{"hex":""},"map":null}""", Everything);

        Assert.True(row.IsNull(4) && row.IsNull(5));
        Assert.Throws<ArgumentException>(() => RowJson.Parse("""{"j":1}""", Everything));
    }

    [Fact]
    public void Maps_that_differ_in_order_alone_are_equal_when_sorted_and_others_are_not()
    {
        var row = RowJson.Parse(Line, Everything);
        var turned = RowJson.Parse(Line.Replace("""["k",{"hex":""}],["a",{"hex":"01"}]""", """["a",{"hex":"01"}],["k",{"hex":""}]"""), Everything);
        var other = RowJson.Parse(Line.Replace("""["a",{"hex":"01"}]""", """["a",{"hex":"02"}]"""), Everything);

        Assert.NotEqual(row, turned);
        Assert.Equal(RowJson.WithSortedMaps(row), RowJson.WithSortedMaps(turned));
        Assert.NotEqual(RowJson.WithSortedMaps(row), RowJson.WithSortedMaps(other));
    }
}
