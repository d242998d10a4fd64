using Sleeper.Ingest.Core.Spilling;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Spilling;

public class SpillRoundTripTests
{
    [Fact]
    public void Extents_of_buckets_come_back_in_order_of_arrival()
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            using var bed = new SpillTestBed(new InMemorySpillFiles());
            using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 1024);
            var extents = new List<SpillExtent>();
            int number = 0;
            for (int extent = 0; extent < 4; extent++)
            {
                SampleRows[] parts = Enumerable.Range(0, random.Next(4)).Select(_ => NextPart(random, ref number)).ToArray();
                extents.Add(bed.WriteBucket(writer, 3, parts));
                foreach (SampleRows part in parts)
                {
                    part.Dispose();
                }
            }

            List<int> loaded = bed.Load([.. extents]);
            Assert.True(loaded.SequenceEqual(Enumerable.Range(0, number)), $"seed {seed}, round {round}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5_000)]
    [InlineData(256 * 1024)]
    public void Sorted_runs_come_back_in_order(int blockBytes)
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 30; round++)
        {
            using var bed = new SpillTestBed(new InMemorySpillFiles());
            using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, blockBytes);
            for (uint run = 0; run < 3; run++)
            {
                List<byte[]> keys = SampleRows.RandomKeys(random, random.Next(3_000));
                using var rows = new SampleRows(keys);
                SpillExtent extent = bed.WriteRun(writer, run, rows);
                Assert.True(bed.ReadRun(extent).SequenceEqual(SampleRows.NaiveOrder(keys)), $"seed {seed}, round {round}");
            }
        }
    }

    [Fact]
    public void Slabs_and_rows_above_every_limit_of_size_come_back()
    {
        List<byte[]> keys = [new byte[3_000_000], [1, 2]];
        for (int i = 0; i < 300; i++)
        {
            keys.Add([2, (byte)(i / 256), (byte)i, .. new byte[700]]);
        }

        keys.Add(Enumerable.Repeat((byte)9, 200_000).ToArray());
        using var rows = new SampleRows(keys);
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 4_096);
        SpillExtent bucket = bed.WriteBucket(writer, 1, rows, rows);
        SpillExtent run = bed.WriteRun(writer, 2, rows);
        Assert.Equal(Enumerable.Range(0, keys.Count).Concat(Enumerable.Range(0, keys.Count)), bed.Load(bucket));
        Assert.Equal(SampleRows.NaiveOrder(keys), bed.ReadRun(run));
    }

    [Fact]
    public void Writes_are_large()
    {
        var files = new InMemorySpillFiles();
        var lengths = new List<int>();
        using var bed = new SpillTestBed(files);
        files.OnWrite = number => lengths.Add(number);
        using var rows = new SampleRows([.. Enumerable.Range(0, 50_000).Select(i => BitConverter.GetBytes((long)i))]);
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 16 * 1024);
        SpillExtent run = bed.WriteRun(writer, 1, rows);
        Assert.InRange(lengths.Count, 1, (run.Length / (256 * 1024)) + 1);
    }

    [Fact]
    public void A_file_takes_one_writer()
    {
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        SpillFile file = bed.Directory.CreateFile();
        using var rows = new SampleRows([[1]]);
        using var writer = new SpillWriter(file, bed.Memory, 100);
        bed.WriteBucket(writer, 1, rows);
        Assert.Contains("writer already", Assert.Throws<InvalidOperationException>(() => new SpillWriter(file, bed.Memory, 100)).Message);
    }

    private static SampleRows NextPart(Random random, ref int number)
    {
        List<byte[]> keys = SampleRows.RandomKeys(random, random.Next(4) == 0 ? random.Next(3) : random.Next(400));
        var part = new SampleRows(keys, number);
        number += keys.Count;
        return part;
    }
}
