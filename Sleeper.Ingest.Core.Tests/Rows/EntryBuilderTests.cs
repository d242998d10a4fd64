using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Rows;

public unsafe class EntryBuilderTests
{
    [Fact]
    public void Checked_and_unchecked_building_agree_on_good_rows()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 100; round++)
        {
            List<byte[]> keys = SampleRows.RandomKeys(random, random.Next(200));
            using var rows = new SampleRows(keys);
            using var entries = new NativeBuffer(Math.Max(1, keys.Count) * sizeof(RowEntry));
            Assert.True(EntryBuilder.TryBuild(rows.Rows, rows.Length, (RowEntry*)entries.Pointer, keys.Count, out nint end), $"seed {seed}");
            Assert.Equal(rows.Length, end);
            Assert.True(new ReadOnlySpan<byte>(rows.Entries, keys.Count * sizeof(RowEntry)).SequenceEqual(new ReadOnlySpan<byte>(entries.Pointer, keys.Count * sizeof(RowEntry))), $"seed {seed}");
        }
    }

    [Fact]
    public void Rows_that_are_cut_short_or_miscounted_are_refused()
    {
        List<byte[]> keys = [new byte[200], [1, 2, 3], new byte[20_000], [7]];
        using var rows = new SampleRows(keys);
        using var entries = new NativeBuffer(8 * sizeof(RowEntry));
        for (nint length = 0; length < rows.Length; length++)
        {
            // The copy ends where its memory ends, so a read beyond would be seen by a memory checker.
            using var copy = new NativeBuffer(Math.Max(1, length));
            Buffer.MemoryCopy(rows.Rows, copy.Pointer, copy.LengthBytes, length);
            Assert.False(EntryBuilder.TryBuild(copy.Pointer, length, (RowEntry*)entries.Pointer, keys.Count, out _));
        }

        Assert.False(EntryBuilder.TryBuild(rows.Rows, rows.Length, (RowEntry*)entries.Pointer, 3, out _));
        Assert.False(EntryBuilder.TryBuild(rows.Rows, rows.Length, (RowEntry*)entries.Pointer, 5, out _));
    }

    [Fact]
    public void Lengths_beyond_the_bytes_or_beyond_31_bits_are_refused()
    {
        byte[][] damaged = [[0x05, 0x00, 1], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0], [0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0, 0]];
        using var entries = new NativeBuffer(sizeof(RowEntry));
        foreach (byte[] bytes in damaged)
        {
            fixed (byte* pointer = bytes)
            {
                Assert.False(EntryBuilder.TryBuild(pointer, bytes.Length, (RowEntry*)entries.Pointer, 1, out nint offset));
                Assert.Equal(0, offset);
            }
        }
    }
}
