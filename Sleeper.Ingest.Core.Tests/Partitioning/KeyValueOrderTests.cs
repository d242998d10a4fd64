using System.Text;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Tests.Partitioning;

public sealed class KeyValueOrderTests
{
    [Fact]
    public void Java_bytes_are_signed_and_ours_are_not()
    {
        FieldValue high = new byte[] { 0x80 };
        FieldValue low = new byte[] { 0x05 };
        Assert.True(KeyValueOrder.Compare(high, low, KeyOrder.Java) < 0);
        Assert.True(KeyValueOrder.Compare(high, low, KeyOrder.Bytes) > 0);
    }

    [Theory]
    [InlineData(KeyOrder.Java)]
    [InlineData(KeyOrder.Bytes)]
    internal void A_prefix_comes_first(KeyOrder order)
    {
        Assert.True(KeyValueOrder.Compare(new byte[] { 0x80 }, new byte[] { 0x80, 0x80 }, order) < 0);
        Assert.True(KeyValueOrder.Compare("", "a", order) < 0);
        Assert.Equal(0, KeyValueOrder.Compare("ab", "ab", order));
        Assert.True(KeyValueOrder.Compare(-1, 0, order) < 0);
        Assert.True(KeyValueOrder.Compare(long.MinValue, long.MaxValue, order) < 0);
    }

    [Fact]
    public void Text_in_byte_order_is_the_order_of_its_utf8()
    {
        string[] texts = ["", "a", "\uD7FF", "\uE000", "\uFF5E", "\uFFFF", "😀", "😁", "a😀", "a\uFFFF", "a\uD7FF", "\U0010FFFF", "日本", "é", "😀a", "😀\uFFFF"];
        foreach (string left in texts)
        {
            foreach (string right in texts)
            {
                int expected = Math.Sign(Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right)));
                Assert.Equal(expected, Math.Sign(KeyValueOrder.Compare(left, right, KeyOrder.Bytes)));
                Assert.Equal(Math.Sign(string.CompareOrdinal(left, right)), Math.Sign(KeyValueOrder.Compare(left, right, KeyOrder.Java)));
            }
        }
    }

    [Fact]
    public void Kinds_are_not_mixed() => Assert.Throws<ArgumentException>(() => KeyValueOrder.Compare(1, 1L, KeyOrder.Bytes));
}
