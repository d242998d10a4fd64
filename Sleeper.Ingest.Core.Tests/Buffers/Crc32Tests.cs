using Sleeper.Ingest.Core.Buffers;

namespace Sleeper.Ingest.Core.Tests.Buffers;

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
            Assert.Equal(expected, Crc32.AppendByTables(0, bytes.AsSpan(0, length)));
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
            Assert.Equal(Crc32.AppendByTables(0, bytes.AsSpan(0, length)), Crc32.AppendByFolding(0, bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Bytes_may_come_in_pieces()
    {
        byte[] bytes = new byte[1_000];
        new Random(7).NextBytes(bytes);
        uint whole = Crc32.Compute(bytes);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(whole, Crc32.Append(Crc32.Compute(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
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
