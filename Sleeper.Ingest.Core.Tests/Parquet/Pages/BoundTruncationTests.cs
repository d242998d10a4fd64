using System.Text;
using Sleeper.Ingest.Core.Parquet.Pages;

namespace Sleeper.Ingest.Core.Tests.Parquet.Pages;

public class BoundTruncationTests
{
    [Theory]
    [InlineData("écru", 2, "é", "ê")]
    [InlineData("écru", 3, "éc", "éd")]
    [InlineData("écru", 1, "", "écru")] // no whole character fits: nothing to raise
    [InlineData("écru", 9, "écru", "écru")]
    [InlineData("blue", 2, "bl", "bm")]
    [InlineData("a\u007Fz", 2, "a\u007F", "b")] // the next character would be longer: it is dropped, the one before raised
    [InlineData("\uD7FFzz", 3, "\uD7FF", "\uE000")] // surrogates are skipped
    [InlineData("\U0010FFFFz", 4, "\U0010FFFF", "\U0010FFFFz")] // the last character of all
    [InlineData("x\U0010FFFFz", 5, "x\U0010FFFF", "y")]
    [InlineData("x\U0001F600z", 4, "x", "y")]
    public void Strings_are_cut_between_characters(string value, int maxBytes, string lower, string upper)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Assert.Equal(lower, Encoding.UTF8.GetString(BoundTruncation.Lower(bytes, maxBytes, isUtf8: true)));
        Assert.Equal(upper, Encoding.UTF8.GetString(BoundTruncation.Upper(bytes, maxBytes, isUtf8: true)));
    }

    [Theory]
    [InlineData("FFD1AA", 2, "FFD1", "FFD2")]
    [InlineData("01FFFF", 2, "01FF", "02")]
    [InlineData("FFFFFF", 2, "FFFF", "FFFFFF")]
    [InlineData("01", 2, "01", "01")]
    public void Byte_arrays_are_cut_anywhere(string value, int maxBytes, string lower, string upper)
    {
        byte[] bytes = Convert.FromHexString(value);
        Assert.Equal(lower, Convert.ToHexString(BoundTruncation.Lower(bytes, maxBytes, isUtf8: false)));
        Assert.Equal(upper, Convert.ToHexString(BoundTruncation.Upper(bytes, maxBytes, isUtf8: false)));
    }

    [Fact]
    public void Bounds_stay_bounds_for_any_bytes()
    {
        var random = new Random(11);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] value = new byte[random.Next(1, 12)];
            random.NextBytes(value);
            if (random.Next(2) == 0)
            {
                value = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(value));
            }

            int limit = random.Next(1, 8);
            foreach (bool isUtf8 in new[] { false, true })
            {
                Assert.True(BoundTruncation.Lower(value, limit, isUtf8).AsSpan().SequenceCompareTo(value) <= 0);
                Assert.True(BoundTruncation.Upper(value, limit, isUtf8).AsSpan().SequenceCompareTo(value) >= 0);
            }
        }
    }
}
