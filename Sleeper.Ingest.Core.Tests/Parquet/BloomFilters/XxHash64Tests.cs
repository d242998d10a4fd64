using System.Buffers.Binary;
using System.Text;
using Sleeper.Ingest.Core.Parquet.BloomFilters;

namespace Sleeper.Ingest.Core.Tests.Parquet.BloomFilters;

public class XxHash64Tests
{
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1)]
    public void Texts_have_the_published_hashes(string text, ulong expected) => Assert.Equal(expected, XxHash64.Hash(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData(1, 0xE934A84ADB052768)]
    [InlineData(4, 0x9136A0DCA57457EE)]
    [InlineData(14, 0x8282DCC4994E35C8)]
    [InlineData(222, 0xB641AE8CB691C174)]
    public void Bytes_have_the_hashes_of_the_sanity_check_of_xxhash(int length, ulong expected) => Assert.Equal(expected, XxHash64.Hash(SanityBytes(length)));

    [Fact]
    public void Numbers_are_hashed_as_their_bytes()
    {
        var random = new Random(64);
        byte[] bytes = new byte[8];
        foreach (long value in (long[])[0, 1, -1, int.MinValue, int.MaxValue, long.MinValue, long.MaxValue, .. Enumerable.Range(0, 100).Select(_ => random.NextInt64())])
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            Assert.Equal(XxHash64.Hash(bytes), XxHash64.Hash(value));
            Assert.Equal(XxHash64.Hash(bytes.AsSpan(0, 4)), XxHash64.Hash((int)value));
        }
    }

    private static byte[] SanityBytes(int count)
    {
        ulong generator = 2654435761;
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(generator >> 56);
            generator *= 11400714785074694797;
        }

        return bytes;
    }
}
