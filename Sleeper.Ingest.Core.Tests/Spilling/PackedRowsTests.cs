using System.Numerics;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Spilling;

public sealed unsafe class PackedRowsTests
{
    private const byte Untouched = 0xA5;

    public PackedRowsTests()
    {
        if (!BitGathering.IsQuick)
        {
            Assert.Skip("The processor has no quick PEXT: nothing is packed here.");
        }
    }

    [Fact]
    public void Rows_of_any_length_and_any_varying_bits_come_back()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        int packed = 0;
        for (int round = 0; round < 4_000; round++)
        {
            int rowBytes = random.Next(4) switch { 0 => random.Next(1, 17), 1 => random.Next(16, 70), 2 => 8 * random.Next(1, 40), _ => random.Next(64, 600) };
            int rowCount = random.Next(4) == 0 ? random.Next(1, 5) : random.Next(1, 400);
            packed += RoundTrip(RandomRows(random, rowBytes, rowCount), rowCount, $"seed {seed}, round {round}: {rowCount} rows of {rowBytes}") ? 1 : 0;
        }

        Assert.InRange(packed, 1_000, 3_900);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(31)]
    [InlineData(57)]
    [InlineData(2_047)]
    [InlineData(2_048)]
    public void Words_with_every_count_of_varying_bits_come_back(int rowBytes)
    {
        var random = new Random(rowBytes);
        int rowCount = 8_192 / rowBytes * 8;
        for (int bits = 0; bits <= 64; bits++)
        {
            ulong mask = bits == 0 ? 0 : ulong.MaxValue >> (64 - bits);
            byte[] rows = new byte[rowBytes * rowCount];
            for (int at = 0; at < rows.Length; at++)
            {
                // Some words are constant.
                int inRow = at % rowBytes;
                rows[at] = inRow / 8 % 5 == 3 ? (byte)7 : (byte)(random.Next(256) & (int)((mask >> (8 * (inRow % 8))) & 0xFF));
            }

            RoundTrip(rows, rowCount, $"{bits} bits of {rowBytes} bytes");
        }
    }

    [Fact]
    public void What_does_not_shrink_by_an_eighth_or_is_too_short_or_too_long_stays_as_it_is()
    {
        byte[] random = new byte[320 * 32];
        new Random(3).NextBytes(random);
        Assert.False(RoundTrip(random, 320, "random"));
        Assert.False(RoundTrip(new byte[32], 1, "one row"));
        Assert.False(RoundTrip(new byte[7 * 100], 100, "seven bytes"));
        Assert.False(RoundTrip(new byte[2_049 * 100], 100, "2,049 bytes"));
        Assert.False(RoundTrip(new byte[1_001], 100, "not of one length"));
        Assert.True(RoundTrip(new byte[8 * 100], 100, "all alike"));

        // An eighth of the bits, and the masks.
        for (int i = 0; i < random.Length; i += 32)
        {
            random.AsSpan(i, 4).Clear();
        }

        Assert.False(RoundTrip(random, 320, "an eighth without the masks"));
        for (int i = 0; i < random.Length; i += 32)
        {
            random.AsSpan(i, 5).Clear();
        }

        Assert.True(RoundTrip(random, 320, "more than an eighth"));
    }

    [Fact]
    public void Letters_take_five_bits()
    {
        var random = new Random(5);
        byte[] rows = new byte[32 * 8_000];
        for (int at = 0; at < rows.Length; at++)
        {
            rows[at] = (byte)('a' + random.Next(26));
        }

        Assert.Equal((20 * 8_000) + (4 * 16), Pack(rows, 8_000)!.Length);
    }

    [Fact]
    public void Damage_of_masks_and_lengths_is_refused_or_gives_other_rows_but_nothing_beyond_them()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < 4_000; round++)
        {
            int rowBytes = random.Next(8, 100);
            int rowCount = random.Next(2, 60);
            if (Pack(RandomRows(random, rowBytes, rowCount), rowCount) is not { } packed)
            {
                continue;
            }

            int length = rowBytes * rowCount;
            switch (random.Next(4))
            {
                case 0:
                    packed[^random.Next(1, 17)] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    packed = packed[..random.Next(packed.Length)];
                    break;
                case 2:
                    length = random.Next(2) == 0 ? length + random.Next(-20, 20) : random.Next(100_000);
                    break;
                default:
                    rowCount = random.Next(2) == 0 ? rowCount + random.Next(-2, 3) : random.Next(100_000);
                    break;
            }

            refused += Unpack(packed, length, rowCount, $"seed {seed}, round {round}") is null ? 1 : 0;
        }

        Assert.InRange(refused, 1_000, 3_900);
    }

    [Fact]
    public void Masks_beyond_the_end_of_a_row_are_refused()
    {
        byte[] packed = Pack(new byte[12 * 50], 50)!;
        Assert.NotNull(Unpack(packed, 12 * 50, 50, "as it was"));

        // At the end lie two masks, then the bits of two words; the second word has four bytes.
        foreach (int place in (int[])[packed.Length - 20, packed.Length - 1])
        {
            byte[] damaged = (byte[])packed.Clone();
            damaged[place] = 1;
            Assert.Null(Unpack(damaged, 12 * 50, 50, $"byte {place}"));
        }
    }

    /// <summary>Each word of a row varies in some bits, or few of a row's words do.</summary>
    private static byte[] RandomRows(Random random, int rowBytes, int rowCount)
    {
        byte[] same = new byte[rowBytes];
        byte[] mask = new byte[rowBytes];
        random.NextBytes(same);
        int kind = random.Next(5);
        for (int i = 0; i < rowBytes; i += 8)
        {
            ulong bits = kind switch
            {
                0 => 0x1F1F1F1F1F1F1F1F,
                1 => (ulong)random.NextInt64() & (ulong)random.NextInt64(),
                2 => random.Next(2) == 0 ? 0 : ulong.MaxValue,
                3 => random.Next(65) is var count && count == 0 ? 0 : BitOperations.RotateLeft(ulong.MaxValue >> (64 - count), random.Next(64)),
                _ => random.Next(6) == 0 ? (ulong)random.NextInt64() : 0,
            };
            BitConverter.GetBytes(bits).AsSpan(0, Math.Min(8, rowBytes - i)).CopyTo(mask.AsSpan(i));
        }

        byte[] rows = new byte[rowBytes * rowCount];
        random.NextBytes(rows);
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = (byte)((rows[i] & mask[i % rowBytes]) | (same[i % rowBytes] & ~mask[i % rowBytes]));
        }

        return rows;
    }

    /// <summary>Packs and unpacks; whether it was packed.</summary>
    private static bool RoundTrip(byte[] rows, int rowCount, string context)
    {
        byte[]? packed = Pack(rows, rowCount);
        byte[]? inPlace = PackTowards(rows, rowCount);
        Assert.True((packed is null && inPlace is null) || packed.AsSpan().SequenceEqual(inPlace), context);
        if (packed is null)
        {
            return false;
        }

        Assert.True(packed.Length <= rows.Length - (rows.Length / 8), context);
        Assert.True(rows.AsSpan().SequenceEqual(Unpack(packed, rows.Length, rowCount, context)), context);
        return true;
    }

    private static byte[]? Pack(byte[] rows, int rowCount)
    {
        int room = PackedRows.MaxLength(rows.Length) + PackedRows.SpareBytes;
        byte[] result = new byte[room + 64];
        result.AsSpan().Fill(Untouched);
        fixed (byte* source = rows, destination = result)
        {
            int length = PackedRows.Pack(source, rows.Length, rowCount, destination);
            Assert.False(result.AsSpan(length == 0 ? 0 : room).ContainsAnyExcept(Untouched));
            return length == 0 ? null : result[..length];
        }
    }

    /// <summary>The same, towards a place that overlaps the rows.</summary>
    private static byte[]? PackTowards(byte[] rows, int rowCount)
    {
        byte[] all = [.. new byte[PackedRows.GapBytes], .. rows];
        fixed (byte* destination = all)
        {
            int length = PackedRows.Pack(destination + PackedRows.GapBytes, rows.Length, rowCount, destination);
            return length == 0 ? null : all[..length];
        }
    }

    /// <summary>Unpacks as a block is: the packed rows lie where the first rows go.</summary>
    private static byte[]? Unpack(byte[] packed, int length, int rowCount, string context)
    {
        byte[] room = new byte[Math.Max(packed.Length, Math.Max(0, length)) + PackedRows.UnpackSpareBytes + 64];
        room.AsSpan().Fill(Untouched);
        packed.CopyTo(room, 0);
        fixed (byte* rows = room)
        {
            bool isWhole = PackedRows.TryUnpack(rows, packed.Length, rows, length, rowCount);
            Assert.True(isWhole || room.AsSpan(0, packed.Length).SequenceEqual(packed), context);
            Assert.False(room.AsSpan(Math.Max(packed.Length, isWhole ? length + PackedRows.UnpackSpareBytes : 0)).ContainsAnyExcept(Untouched), context);
            return isWhole ? room[..length] : null;
        }
    }
}
