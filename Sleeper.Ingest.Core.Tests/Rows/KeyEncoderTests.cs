using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Rows;

public class KeyEncoderTests
{
    [Fact]
    public void The_order_of_encoded_keys_is_the_order_of_values_in_both_orders()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new RandomRows(seed);
            foreach (var order in new[] { KeyOrder.Bytes, KeyOrder.Java })
            {
                var type = random.Primitive();
                for (int i = 0; i < 500; i++)
                {
                    FieldValue left = random.Value(type), right = random.Value(type);
                    int expected = RowOrder.Compare(left, right, order);
                    int actual = KeyEncoder.Encode(left, order).AsSpan().SequenceCompareTo(KeyEncoder.Encode(right, order));
                    Assert.True(Math.Sign(expected) == Math.Sign(actual), $"seed {seed}, {order}: {left} against {right}: expected {expected}, was {actual}");
                }
            }
        }
    }

    [Fact]
    public void No_encoding_is_a_prefix_of_another_one()
    {
        var random = new RandomRows(7);
        foreach (var type in new[] { FieldType.String, FieldType.ByteArray })
        {
            byte[][] encodings = [.. Enumerable.Range(0, 400).Select(_ => random.Value(type)).Distinct().Select(v => KeyEncoder.Encode(v, KeyOrder.Bytes))];
            foreach (byte[] one in encodings)
            {
                Assert.DoesNotContain(encodings, other => other.Length > one.Length && other.AsSpan().StartsWith(one));
            }
        }
    }

    [Fact]
    public unsafe void Decoding_gives_the_value_back()
    {
        var random = new RandomRows(11);
        foreach (var order in new[] { KeyOrder.Bytes, KeyOrder.Java })
        {
            for (int i = 0; i < 2000; i++)
            {
                var type = random.Primitive();
                var value = random.Value(type);
                byte[] padded = [.. KeyEncoder.Encode(value, order), .. new byte[64]];
                fixed (byte* key = padded)
                {
                    Assert.Equal(value, KeyDecoder.DecodeFirst(key, type, order));
                }
            }
        }
    }

    [Theory]
    [InlineData("", "00")]
    [InlineData("a", "6100")]
    [InlineData("\0", "010100")]
    [InlineData("\u0001", "010200")]
    [InlineData("a\0b", "6101016200")]
    public void Strings_are_escaped_and_ended(string text, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(KeyEncoder.Encode(text, KeyOrder.Bytes)));

    [Fact]
    public void Numbers_are_big_endian_with_the_sign_flipped()
    {
        Assert.Equal("7fffffff", Convert.ToHexStringLower(KeyEncoder.Encode(-1, KeyOrder.Bytes)));
        Assert.Equal("8000000000000001", Convert.ToHexStringLower(KeyEncoder.Encode(1L, KeyOrder.Bytes)));
    }

    [Fact]
    public void Item_18_O_java_puts_supplementary_characters_first_and_compares_signed_bytes()
    {
        AssertAscending(KeyOrder.Java, "\uD83D\uDE00", "\uFF5E");
        AssertAscending(KeyOrder.Java, new byte[] { 0x80 }, new byte[] { 0x00 });
        AssertAscending(KeyOrder.Java, Array.Empty<byte>(), new byte[] { 0x80 });
        AssertAscending(KeyOrder.Java, new byte[] { 1 }, new byte[] { 1, 0 });
    }

    [Fact]
    public void Item_19_O_bytes_is_the_order_of_unsigned_bytes()
    {
        AssertAscending(KeyOrder.Bytes, "\uFF5E", "\uD83D\uDE00");
        AssertAscending(KeyOrder.Bytes, new byte[] { 0x7F }, new byte[] { 0x80 });
        AssertAscending(KeyOrder.Bytes, Array.Empty<byte>(), new byte[] { 0x00 });
    }

    private static void AssertAscending(KeyOrder order, FieldValue low, FieldValue high) =>
        Assert.True(KeyEncoder.Encode(low, order).AsSpan().SequenceCompareTo(KeyEncoder.Encode(high, order)) < 0, $"{low} should come before {high}");
}
