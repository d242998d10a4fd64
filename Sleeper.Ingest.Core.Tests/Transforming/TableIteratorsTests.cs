using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Tests.Transforming;

/// <summary>How the properties are read; numbers are those of the checklist of the pipeline's page.</summary>
public sealed class TableIteratorsTests
{
    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.String).SortKey("time", FieldType.Long)
        .Value("count", FieldType.Int).Value("born", FieldType.Long).Value("by", FieldType.Map(FieldType.String, FieldType.Long)).Build();

    private static readonly Schema Nullable = Schema.Create().RowKey("key", FieldType.String)
        .Value("count", FieldType.Int, nullable: true).Value("born", FieldType.Long, nullable: true).Build();

    [Theory]
    [InlineData("ageOff(time,1000)", 1, 1000)]
    [InlineData("AGEOFF ( born\t,\n1209600000 ) ", 3, 1209600000)]
    [InlineData("ageoff(time,-5)", 1, -5)]
    [InlineData("ageoff(time,+5)", 1, 5)]
    [InlineData("ageoff(time,9223372036854775807)", 1, long.MaxValue)]
    public void Item_15_filters_are_read_without_regard_to_white_space_and_case(string text, int field, long age) =>
        Assert.Equal(new AgeOff(field, age), Parse(filters: text)!.Filter);

    [Theory]
    [InlineData("ageOff(time,1000", "no filter that is known")]
    [InlineData("ageOf(time,1000)", "no filter that is known")]
    [InlineData("time,1000", "no filter that is known")]
    [InlineData("ageOff(time)", "has 1")]
    [InlineData("ageOff(time,1,2)", "has 3")]
    [InlineData("ageOff(time,1.5)", "'1.5'")]
    [InlineData("ageOff(time,9223372036854775808)", "'9223372036854775808'")]
    [InlineData("ageOff(time,)", "''")]
    [InlineData("ageOff(Time,1000)", "'Time'")]
    [InlineData("ageOff(count,1000)", "times are of type Long")]
    [InlineData("ageOff(key,1000)", "times are of type Long")]
    [InlineData("ageOff(by,1000)", "times are of type Long")]
    public void Item_15_filters_that_cannot_be_meant_are_refused_by_name(string text, string reason)
    {
        var error = Assert.Throws<FormatException>(() => Parse(filters: text));
        Assert.Contains("sleeper.table.filters", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Nothing_asked_for_is_nothing_done(string? text) => Assert.Null(Parse(text, text, text, text));

    [Theory]
    [InlineData("sum(count),min(born),max(by)")]
    [InlineData(" SUM ( count ) , Map_Min( born ),\tmap_MAX(by)\n")]
    [InlineData("map_max(by),map_sum(count),min(born)")]
    public void Item_16_operations_are_read_in_any_order_and_case_with_and_without_map(string text) =>
        Assert.Equal([AggregationOperation.Sum, AggregationOperation.Min, AggregationOperation.Max], Parse(aggregations: text)!.Aggregation!.Operations);

    [Theory]
    [InlineData("avg(count),avg(count)", "'avg(count)'")]
    [InlineData("sum", "'sum'")]
    [InlineData("sum(count)min(born)", "'sum(count)'")]
    [InlineData("sum(count),min(born", "'min(born'")]
    [InlineData("map_map_sum(count)", "'map_map_sum(count)'")]
    [InlineData("1(count)", "'1(count)'")]
    [InlineData("sum,min(count)", "'sum,min(count)'")]
    [InlineData("map_(count)", "'map_(count)'")]
    [InlineData("sum(count),min(count),max(key)", "names fields twice: 'count';")]
    [InlineData("sum(key),max(time),max(nothing)", "names row keys or sort keys: 'key', 'time';")]
    [InlineData("sum(count),max(nothing)", "leaves out value fields: 'born', 'by';")]
    [InlineData("sum(count),sum(born),sum(by),max(nothing)", "does not have: 'nothing';")]
    public void Item_16_what_does_not_fit_is_refused_in_the_order_of_the_original(string text, string reason)
    {
        var error = Assert.Throws<FormatException>(() => Parse(aggregations: text));
        Assert.Contains("sleeper.table.aggregations", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Item_16_nullable_fields_are_refused_last()
    {
        var error = Assert.Throws<FormatException>(
            () => TableIterators.Parse(Nullable, new TableIteratorProperties(null, "sum(count),sum(born)", null, null)));
        Assert.Contains("nullable fields: 'count', 'born';", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("time,1000", 1, 1000)]
    [InlineData("born,-1", 3, -1)]
    public void Item_20_the_age_off_iterator_is_known(string config, int field, long age) =>
        Assert.Equal(new AgeOff(field, age), Parse(className: AgeOffParser.IteratorClass, config: config)!.Iterator);

    [Theory]
    [InlineData("sleeper.core.iterator.AgeOffIterator", null, "sleeper.table.iterator.config")]
    [InlineData("sleeper.core.iterator.AgeOffIterator", "time", "sleeper.table.iterator.config")]
    [InlineData("sleeper.core.iterator.AgeOffIterator", "time,1,2", "sleeper.table.iterator.config")]
    [InlineData("sleeper.core.iterator.AgeOffIterator", " time,1", "sleeper.table.iterator.config")]
    [InlineData("sleeper.core.iterator.AgeOffIterator", "time, 1", "sleeper.table.iterator.config")]
    [InlineData("sleeper.core.iterator.ageoffiterator", "time,1", "sleeper.table.iterator.class.name")]
    [InlineData("com.example.Mine", null, "sleeper.table.iterator.class.name")]
    public void Item_20_other_iterators_and_other_configurations_are_refused_by_name(string className, string? config, string property)
    {
        var error = Assert.Throws<FormatException>(() => Parse(className: className, config: config));
        Assert.Contains(property, error.Message, StringComparison.Ordinal);
        Assert.Contains(property.EndsWith("name", StringComparison.Ordinal) ? $"'{className}'" : $"'{config}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, 100, 901, true)]
    [InlineData(1000, 100, 900, false)]
    [InlineData(1000, 100, long.MaxValue, true)]
    [InlineData(1000, 100, long.MinValue, false)]
    [InlineData(1000, long.MaxValue, long.MinValue + 1002, true)]
    [InlineData(1000, long.MaxValue, long.MinValue + 1001, false)]
    [InlineData(1000, long.MinValue, long.MaxValue, false)]
    [InlineData(-1, long.MinValue, long.MaxValue, false)]
    [InlineData(-2, long.MinValue, long.MaxValue, true)]
    [InlineData(-2, long.MaxValue, long.MinValue, true)]
    public void Item_15_what_is_younger_than_the_age_is_kept_without_overflow(long now, long age, long time, bool kept) =>
        Assert.Equal(kept, new AgeLimit(now, age).Keeps(time));

    private static TableIterators? Parse(string? filters = null, string? aggregations = null, string? className = null, string? config = null) =>
        TableIterators.Parse(Schema, new TableIteratorProperties(filters, aggregations, className, config));
}
