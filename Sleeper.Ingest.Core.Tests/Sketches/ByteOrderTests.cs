using Sleeper.Ingest.Core.Sketches;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Sketches;

public class ByteOrderTests
{
    [Fact]
    public void Item_18_strings_are_ordered_by_UTF16_code_units()
    {
        Assert.True(Compare<JavaStringOrder>(SketchValues.Utf8("\uD83D\uDE00"), SketchValues.Utf8("\uFF5E")) < 0);
        Assert.True(Compare<JavaStringOrder>(SketchValues.Utf8("\uD7FF"), SketchValues.Utf8("\uD83D\uDE00")) < 0);
        Assert.True(Compare<JavaStringOrder>(SketchValues.Utf8("a"), SketchValues.Utf8("a\0")) < 0);
    }

    [Fact]
    public void Item_18_byte_arrays_are_ordered_by_signed_bytes()
    {
        Assert.True(Compare<JavaByteArrayOrder>([0x80], [0x00]) < 0);
        Assert.True(Compare<JavaByteArrayOrder>([], [0x80]) < 0);
        Assert.True(Compare<JavaByteArrayOrder>([1], [1, 0]) < 0);
        Assert.True(Compare<JavaByteArrayOrder>([0x7F], [0x80]) > 0);
    }

    [Fact]
    public void Item_19_unsigned_bytes_order_the_same_values_the_other_way()
    {
        Assert.True(SketchValues.Utf8("\uFF5E").AsSpan().SequenceCompareTo(SketchValues.Utf8("\uD83D\uDE00")) < 0);
        Assert.True(Compare<JavaStringOrder>(SketchValues.Utf8("\uFF5E"), SketchValues.Utf8("\uD83D\uDE00")) > 0);
        Assert.True(((ReadOnlySpan<byte>)[0x7F]).SequenceCompareTo((ReadOnlySpan<byte>)[0x80]) < 0);
        Assert.True(Compare<JavaByteArrayOrder>([], [0x00]) < 0);
    }

    [Fact]
    public void Every_pair_of_characters_is_ordered_as_the_original_orders_it()
    {
        int[] codePoints = [0, 1, 0x7F, 0x80, 0x7FF, 0x800, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xEFFF, 0xF000, 0xFF5E, 0xFFFF, 0x1_0000, 0x1_F600, 0x3_FFFF, 0x4_0000, 0x10_FFFF];
        foreach (string before in new[] { "", "abc", "\uFFFF\uD83D\uDE00", "1234567", "12345678", "a beginning of more than sixteen bytes" })
        {
            foreach (string x in codePoints.Select(char.ConvertFromUtf32))
            {
                foreach (string y in codePoints.Select(char.ConvertFromUtf32))
                {
                    int expected = Math.Sign(string.CompareOrdinal(before + x + "m", before + y + "k"));
                    Assert.Equal(expected, Compare<JavaStringOrder>(SketchValues.Utf8(before + x + "m"), SketchValues.Utf8(before + y + "k")));
                    Assert.Equal(Math.Sign(string.CompareOrdinal(before + x, before + x + y)), Compare<JavaStringOrder>(SketchValues.Utf8(before + x), SketchValues.Utf8(before + x + y)));
                }
            }
        }
    }

    [Fact]
    public void Ranks_are_permutations_of_the_bytes()
    {
        for (int shift = 0; shift < 64; shift += 8)
        {
            var all = Enumerable.Range(0, 256).Select(b => (ulong)b << shift).ToList();
            Assert.Equal(256, all.Select(JavaStringOrder.Rank).Distinct().Count());
            Assert.Equal(256, all.Select(JavaByteArrayOrder.Rank).Distinct().Count());
            Assert.All(all.Take(0xEE), b => Assert.Equal(b, JavaStringOrder.Rank(b)));
            Assert.All(all, b => Assert.Equal(0UL, JavaStringOrder.Rank(b) & ~(0xFFUL << shift)));
        }
    }

    private static int Compare<TOrder>(byte[] left, byte[] right)
        where TOrder : struct, IByteOrder
    {
        var items = new ByteItems(2);
        items.Append(left);
        items.Append(right);
        int order = items.Compare<TOrder>(0, items, 1);
        Assert.Equal(-order, items.Compare<TOrder>(1, items, 0));
        Assert.Equal(order <= 0, items.IsAscending<TOrder>());
        return order;
    }
}
