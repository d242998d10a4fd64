using Sleeper.Ingest.Core.Parquet.Pages;

namespace Sleeper.Ingest.Core.Tests.Parquet.Pages;

public class Crc32Tests
{
    [Fact]
    public void The_check_value_of_the_polynomial_comes_out() => Assert.Equal(0xCBF43926u, Crc32.Compute("123456789"u8));

    [Fact]
    public void Tables_and_folding_give_what_bit_by_bit_gives()
    {
        byte[] bytes = new byte[700];
        new Random(5).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            uint expected = BitByBit(bytes.AsSpan(0, length));
            Assert.Equal(expected, Crc32.ComputeByTables(bytes.AsSpan(0, length)));
            Assert.Equal(expected, Crc32.Compute(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Folding_works_from_64_bytes_on()
    {
        if (!System.Runtime.Intrinsics.X86.Pclmulqdq.IsSupported)
        {
            Assert.Skip("this processor has no carry-less multiplication");
        }

        byte[] bytes = new byte[400];
        new Random(6).NextBytes(bytes);
        for (int length = 64; length <= bytes.Length; length++)
        {
            Assert.Equal(Crc32.ComputeByTables(bytes.AsSpan(0, length)), Crc32.ComputeByFolding(bytes.AsSpan(0, length)));
        }
    }

    private static uint BitByBit(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~0u;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
