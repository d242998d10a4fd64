using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Merging;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Sorting;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Merging;

public unsafe class RunMergerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1_000)]
    public void Merging_runs_equals_sorting_all_rows(int runs)
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < (runs > 100 ? 3 : 40); round++)
        {
            List<byte[]> keys = SampleRows.RandomKeys(random, runs == 0 ? 0 : random.Next(runs * 20 + 6_000));
            AssertMerges(keys, runs, random, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Keys_of_the_largest_prefix_win_against_runs_that_have_ended()
    {
        List<byte[]> keys = Enumerable.Range(0, 500).Select(i => i % 3 == 0 ? Enumerable.Repeat((byte)0xFF, 8).ToArray() : [.. Enumerable.Repeat((byte)0xFE, 8)]).ToList();
        AssertMerges(keys, 9, new Random(1), "largest");
        AssertMerges(Enumerable.Range(0, 100).Select(_ => Array.Empty<byte>()).ToList(), 9, new Random(1), "empty keys");
    }

    [Fact]
    public void A_stretch_stays_valid_until_the_next_call()
    {
        // StingyCursor overwrites the rows of its last stretch with each call; AssertMerges reads a stretch only after it was handed out.
        List<byte[]> keys = Enumerable.Range(0, 20_000).Select(i => BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((long)i * 7919 % 10_007))).ToList();
        AssertMerges(keys, 12, new Random(2), "stretches");
    }

    [Fact]
    public void An_error_of_a_cursor_is_passed_on_and_everything_is_freed()
    {
        var memory = new MemoryBudget(1 << 20);
        using var rows = new SampleRows([[1], [2], [3]]);
        var good = new MemoryCursor(rows.Entries, 3);
        using (var merger = new RunMerger([good, new FailingCursor()], memory))
        {
            Assert.Throws<IngestException>(() => merger.MoveNext(out _, out _));
        }

        Assert.Equal(0, memory.UsedBytes);
    }

    [Fact]
    public void Too_little_memory_disposes_the_cursors()
    {
        var memory = new MemoryBudget(1_000);
        FailingCursor[] cursors = [new(), new()];
        Assert.Throws<InvalidOperationException>(() => new RunMerger(cursors, memory));
        Assert.All(cursors, cursor => Assert.True(cursor.IsDisposed));
        Assert.Equal(0, memory.UsedBytes);
    }

    private static void AssertMerges(List<byte[]> keys, int runs, Random random, string what)
    {
        var memory = new MemoryBudget(1L << 28);
        List<IRowCursor> cursors = StingyCursor.Split(keys, runs, random);
        int[] expected = SampleRows.NaiveOrder(keys);
        using (var merger = new RunMerger(cursors, memory))
        {
            List<int> merged = SpillTestBed.ReadAll(merger);
            Assert.True(merged.SequenceEqual(expected), $"{what}: {merged.Count} rows of {expected.Length}");
            Assert.False(merger.MoveNext(out _, out _));
        }

        Assert.Equal(0, memory.UsedBytes);
    }

    private sealed class FailingCursor : IRowCursor
    {
        public bool IsDisposed { get; private set; }

        public bool MoveNext(out RowEntry* entries, out int count) => throw new IngestException("broken");

        public void Dispose() => IsDisposed = true;
    }
}
