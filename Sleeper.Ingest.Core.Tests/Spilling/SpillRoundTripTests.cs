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

    [Theory]
    [InlineData(300)]
    [InlineData(5_000)]
    [InlineData(256 * 1024)]
    public void Blocks_that_are_packed_and_blocks_that_are_not_come_back_in_order(int blockBytes)
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 20; round++)
        {
            // Of one length and all letters, or of any length and any bytes.
            List<byte[]> keys = [];
            int kinds = random.Next(1, 4);
            for (int left = random.Next(4_000); left > 0;)
            {
                int some = Math.Min(left, random.Next(1, 1_000));
                int length = random.Next(1, 60);
                bool isPlain = (kinds & (1 << random.Next(2))) == 1;
                keys.AddRange(Enumerable.Range(0, some).Select(_ => isPlain ? SampleRows.Letters(random, length) : [0xFF, .. SampleRows.Letters(random, random.Next(length))]));
                left -= some;
            }

            using var rows = new SampleRows(keys);
            using var bed = new SpillTestBed(new InMemorySpillFiles());
            using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, blockBytes);
            using var plainWriter = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, blockBytes, packs: false);
            foreach (var each in (SpillWriter[])[writer, plainWriter])
            {
                SpillExtent bucket = bed.WriteBucket(each, 1, rows, rows);
                SpillExtent run = bed.WriteRun(each, 2, rows);
                SpillExtent second = bed.WriteBucket(each, 1, rows);
                Assert.True(bed.Load(bucket, second).SequenceEqual(Enumerable.Range(0, 3).SelectMany(_ => Enumerable.Range(0, keys.Count))), $"seed {seed}, round {round}");
                Assert.True(bed.ReadRun(run).SequenceEqual(SampleRows.NaiveOrder(keys)), $"seed {seed}, round {round}");
                Assert.True(each == writer || bucket.Length > bucket.RowBytes);
            }
        }
    }

    [Fact]
    public void Letters_and_small_numbers_take_half_of_their_bytes()
    {
        if (!Core.Buffers.BitGathering.IsQuick)
        {
            Assert.Skip("The processor has no quick PEXT: nothing is packed here.");
        }

        var random = new Random(9);
        using var rows = new SampleRows([.. Enumerable.Range(0, 8_000).Select(_ => SampleRows.Letters(random, 26))]);
        using var bed = new SpillTestBed(new InMemorySpillFiles());
        using var writer = new SpillWriter(bed.Directory.CreateFile(), bed.Memory, 64 * 1024);
        SpillExtent bucket = bed.WriteBucket(writer, 1, rows);
        SpillExtent run = bed.WriteRun(writer, 2, rows);
        Assert.InRange(bucket.Length, 8_000 * 18, 8_000 * 18.2);
        Assert.InRange(run.Length, 8_000 * 18, 8_000 * 18.3);
        Assert.Equal((8_000 * 32, 8_000 * 32), (bucket.RowBytes, run.RowBytes));
        Assert.Equal(Enumerable.Range(0, 8_000), bed.Load(bucket));
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
