using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Merging;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Merging;

public class RunReducerTests
{
    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    [InlineData(9, 2)]
    [InlineData(9, 8)]
    [InlineData(30, 4)]
    public void Many_passes_over_runs_on_disk_equal_one_sort(int runs, int width)
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        List<byte[]> keys = SampleRows.RandomKeys(random, 4_000);
        var store = new SpilledRunStore(bed);
        List<SpillExtent> spilled = StingyCursor.Split(keys, runs, random).Select(store.Spill).ToList();
        List<SpillExtent> left = RunReducer.Reduce(spilled, width, store, bed.Memory, CancellationToken.None);
        Assert.InRange(left.Count, 1, width);
        using (IRowCursor merged = RunReducer.Open(left, store, bed.Memory))
        {
            Assert.True(SpillTestBed.ReadAll(merged).SequenceEqual(SampleRows.NaiveOrder(keys)), $"seed {seed}");
        }

        Assert.Equal(runs - left.Count, store.Deleted - store.Merged);
    }

    [Fact]
    public void No_more_runs_are_merged_than_needed()
    {
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        var store = new SpilledRunStore(bed);
        var random = new Random(4);
        List<SpillExtent> spilled = StingyCursor.Split(SampleRows.RandomKeys(random, 500), 41, random).Select(store.Spill).ToList();
        List<SpillExtent> left = RunReducer.Reduce(spilled, 40, store, bed.Memory, CancellationToken.None);
        Assert.Equal((40, 2), (left.Count, store.Deleted));
        Assert.Equal(spilled.Skip(2), left.Skip(1));
    }

    [Fact]
    public void A_full_disk_between_passes_leaves_no_memory_reserved()
    {
        var files = new InMemorySpillFiles();
        using var bed = new SpillTestBed(files);
        var store = new SpilledRunStore(bed);
        var random = new Random(4);
        List<SpillExtent> spilled = StingyCursor.Split(SampleRows.RandomKeys(random, 500), 9, random).Select(store.Spill).ToList();
        files.OnWrite = _ => throw InMemorySpillFiles.Error(28);
        Assert.Throws<SpillDiskFullException>(() => RunReducer.Reduce(spilled, 2, store, bed.Memory, CancellationToken.None));
        Assert.Equal(0, bed.Memory.UsedBytes);
    }

    private sealed class SpilledRunStore(SpillTestBed bed) : IRunStore<SpillExtent>
    {
        private uint _next;

        public int Deleted { get; private set; }

        public int Merged { get; private set; }

        public SpillExtent Spill(IRowCursor rows)
        {
            using (rows)
            {
                using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 700);
                return writer.AppendRun(_next++, rows);
            }
        }

        public IRowCursor Open(SpillExtent run) => new RunCursor(run, bed.Memory);

        public SpillExtent Write(IRowCursor rows)
        {
            Merged++;
            using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 700);
            return writer.AppendRun(_next++, rows);
        }

        public void Delete(SpillExtent run)
        {
            Deleted++;
            run.File.Dispose();
        }
    }
}
