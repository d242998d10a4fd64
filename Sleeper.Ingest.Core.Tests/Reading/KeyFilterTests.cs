using Sleeper.Ingest.Core.Reading;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Tests.Reading;

public sealed class KeyFilterTests
{
    private static readonly Schema Keys = new([new Field("a", FieldType.Long), new Field("b", FieldType.String)]);

    [Fact]
    public void An_int_is_taken_for_a_long() =>
        Assert.Equal(KeyFilter.Exactly(Keys, KeyOrder.Bytes, [5L]).Segments[0].Lower, KeyFilter.Exactly(Keys, KeyOrder.Bytes, [5]).Segments[0].Lower);

    [Fact]
    public void The_greatest_key_has_nothing_above_it() => Assert.Null(KeyFilter.Exactly(Keys, KeyOrder.Bytes, [long.MaxValue]).Segments[0].Upper);

    [Fact]
    public void Values_of_another_type_or_number_are_refused_by_name()
    {
        var type = Assert.Throws<ArgumentException>(() => KeyFilter.Between(Keys, KeyOrder.Bytes, "x", FieldValue.Null));
        Assert.Contains("row key 'a', which is Long", type.Message, StringComparison.Ordinal);
        var nothing = Assert.Throws<ArgumentException>(() => KeyFilter.Exactly(Keys, KeyOrder.Bytes, []));
        Assert.Contains("0 row key values were given", nothing.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => KeyFilter.Exactly(Keys, KeyOrder.Bytes, [1L, "x", "y"]));
        Assert.Throws<ArgumentException>(() => KeyFilter.Exactly(Keys, KeyOrder.Bytes, [FieldValue.Null]));
        Assert.Throws<ArgumentException>(() => KeyFilter.Exactly(Keys, KeyOrder.Bytes, [1L, "half \uD83D"]));
    }
}
