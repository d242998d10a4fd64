using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Rows;

public class RowTests
{
    private static readonly Schema Flights = Schema.Create()
        .RowKey("origin", FieldType.String)
        .SortKey("date", FieldType.Long)
        .Value("delay", FieldType.Int, nullable: true)
        .Value("raw", FieldType.ByteArray)
        .Value("tags", FieldType.List(FieldType.String))
        .Value("more", FieldType.Map(FieldType.String, FieldType.Long))
        .Build();

    private static readonly FieldValue[] Values =
    [
        "SEA", 1L, FieldValue.Null, new byte[] { 1, 2 }, FieldValue.FromList(new[] { "late" }), FieldValue.FromMap(new Dictionary<string, long> { ["gate"] = 7 }),
    ];

    [Fact]
    public void Values_are_found_by_position_and_by_name()
    {
        var row = new Row(Flights, Values);
        Assert.Same(Flights, row.Schema);
        for (int i = 0; i < Values.Length; i++)
        {
            Assert.Equal(Values[i], row[i]);
            Assert.Equal(Values[i], row[Flights.AllFields[i].Name]);
            Assert.Equal(Values[i], row.Values[i]);
            Assert.Equal(Values[i].IsNull, row.IsNull(i));
        }

        Assert.Equal(("SEA", 1L, 7L), (row.GetString(0), row.GetLong(1), row.GetMap(5)[0].Value.AsLong()));
        Assert.Equal([1, 2], row.GetBytes(3).ToArray());
        Assert.Equal("late", row.GetList(4)[0].AsString());
        Assert.Equal(5, new Row(Flights, "", 0L, 5, Array.Empty<byte>(), default, default).GetInt(2));
    }

    [Fact]
    public void A_row_does_not_change_with_the_values_it_was_made_of()
    {
        var values = Values.ToArray();
        var row = new Row(Flights, values);
        values[0] = "JFK";
        Assert.Equal("SEA", row.GetString(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(7)]
    public void Another_number_of_values_is_refused_with_the_names_of_the_fields(int count)
    {
        var fault = Assert.Throws<ArgumentException>("values", () => new Row(Flights, new FieldValue[count]));
        Assert.Contains($"has 6 values (origin, date, delay, raw, tags, more), but {count} were given", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_by_name_has_null_where_nothing_was_given()
    {
        var row = Row.FromNames(Flights, ("date", 5L), ("origin", "SEA"));
        Assert.Equal(new Row(Flights, "SEA", 5L, default, default, default, default), row);
        Assert.Equal(6, Row.FromNames(Flights).Values.Length);
    }

    [Fact]
    public void Names_that_are_unknown_or_given_twice_are_refused()
    {
        var unknown = Assert.Throws<ArgumentException>("values", () => Row.FromNames(Flights, ("Origin", "SEA")));
        Assert.Contains("no field 'Origin'. Its fields are 'origin', 'date'", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("case-sensitive", unknown.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<ArgumentException>("values", () => Row.FromNames(Flights, ("origin", "SEA"), ("origin", default)));
        Assert.Contains("'origin' is given twice", twice.Message, StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => new Row(Flights, Values)["Origin"]);
        Assert.Throws<ArgumentNullException>(() => new Row(Flights, Values)[null!]);
        Assert.Throws<ArgumentNullException>("schema", () => new Row(null!, Values));
        Assert.Throws<ArgumentNullException>("schema", () => Row.FromNames(null!));
    }

    [Fact]
    public void Values_are_not_checked_against_types_when_a_row_is_made()
    {
        Assert.Equal(FieldValueKind.Int, new Row(Flights, 1, default, default, default, default, default)[0].Kind);
    }

    [Fact]
    public void Rows_are_equal_if_schema_and_values_are()
    {
        var row = new Row(Flights, Values);
        var same = new Row(Schema.Parse(Flights.ToJson()), Values);
        Assert.Equal(row, same);
        Assert.Equal(row.GetHashCode(), same.GetHashCode());
        Assert.False(row.Equals(null));
        Assert.NotEqual(row, Row.FromNames(Flights, ("origin", "SEA")));
        Assert.NotEqual(new Row(Schema.Create().RowKey("a", FieldType.Int).Build(), 1), new Row(Schema.Create().RowKey("b", FieldType.Int).Build(), 1));
    }

    [Fact]
    public void A_row_prints_names_and_values()
    {
        Assert.Equal(
            "{origin: \"SEA\", date: 1, delay: null, raw: 0x0102, tags: [\"late\"], more: {\"gate\": 7}}", new Row(Flights, Values).ToString());
    }

    [Fact]
    public void A_wrapped_array_is_not_copied()
    {
        var values = Values.ToArray();
        var row = Row.Wrap(Flights, values);
        values[0] = "JFK";
        Assert.Equal("JFK", row.GetString(0));
    }
}
