using System.Collections.Concurrent;
using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Core.Tests.Bucketing;

public sealed unsafe class BucketSetTests
{
    private const int Leaves = 6;

    private static readonly Schema Schema = new SchemaBuilder().RowKey("key", FieldType.Long).Value("text", FieldType.String).Build();

    [Theory]
    [InlineData(6, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void Rows_are_in_the_order_of_their_places_whoever_copies_them_and_when(int bucketCount, bool leavesAreKeyRanges)
    {
        int seed = SampleRows.NextSeed();
        var random = new Random(seed);
        for (int round = 0; round < 20; round++)
        {
            var budget = new MemoryBudget(1 << 30);
            using var pool = new SlabPool(budget, slabBytes: 1 << random.Next(8, 14));
            using var buckets = new BucketSet(Leaves, bucketCount, leavesAreKeyRanges, pool);
            List<RowBatch> batches = [.. Enumerable.Range(0, 30).Select(number => RandomBatch(budget, number, random))];
            var expected = Expected(batches, buckets);

            // Two workers copy behind the one who gives places, and now and then he has all copied himself, as before spilling.
            using var placed = new BlockingCollection<RowBatch>();
            Thread[] workers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                foreach (var batch in placed.GetConsumingEnumerable())
                {
                    buckets.Copy(batch);
                }
            }))];
            Array.ForEach(workers, worker => worker.Start());
            foreach (var batch in batches)
            {
                Assert.Equal(batch.RowCount, buckets.Place(batch, 0));
                placed.Add(batch);
                if (random.Next(5) == 0)
                {
                    buckets.CopyAll();
                    AssertRows(expected, buckets, isWhole: false, $"seed {seed}, round {round}");
                }
            }

            placed.CompleteAdding();
            Array.ForEach(workers, worker => worker.Join());
            buckets.SealAll();
            AssertRows(expected, buckets, isWhole: true, $"seed {seed}, round {round}");
            Assert.Equal(expected.Sum(rows => (long)rows.Count), buckets.RowCount);
            Assert.Equal(expected.Sum(rows => rows.Sum(row => row.Length / 2L)), buckets.ByteCount);
            batches.ForEach(batch => batch.Dispose());
        }
    }

    [Fact]
    public void Rows_that_get_no_place_get_one_when_there_is_memory_again()
    {
        const int SlabBytes = 1024;
        var budget = new MemoryBudget(1 << 20);
        using var pool = new SlabPool(budget, SlabBytes);
        using var buckets = new BucketSet(Leaves, Leaves, leavesAreKeyRanges: true, pool);
        using var batch = RandomBatch(budget, 0, new Random(11), rows: 400);
        var expected = Expected([batch], buckets);
        pool.KeepFreeBytes = budget.FreeBytes - (8 * SlabBytes);

        int placed = buckets.Place(batch, 0);
        Assert.InRange(placed, 1, batch.RowCount - 1);
        buckets.CopyAll();
        pool.KeepFreeBytes = 0;
        Assert.Equal(batch.RowCount, buckets.Place(batch, placed));
        buckets.Copy(batch);

        buckets.SealAll();
        AssertRows(expected, buckets, isWhole: true, "placed twice");
    }

    [Fact]
    public void The_digest_does_not_depend_on_the_order_of_rows()
    {
        Assert.Equal(DigestOf(1, reverse: false), DigestOf(1, reverse: true));
        Assert.NotEqual(DigestOf(1, reverse: false), DigestOf(2, reverse: false));

        static ulong DigestOf(int seed, bool reverse)
        {
            var budget = new MemoryBudget(1 << 30);
            using var pool = new SlabPool(budget, 4096);
            using var buckets = new BucketSet(Leaves, Leaves, leavesAreKeyRanges: true, pool);
            var random = new Random(seed);
            List<RowBatch> batches = [.. Enumerable.Range(0, 5).Select(number => RandomBatch(budget, number, random))];
            foreach (var batch in reverse ? Enumerable.Reverse(batches) : batches)
            {
                buckets.Place(batch, 0);
                buckets.Copy(batch);
            }

            batches.ForEach(batch => batch.Dispose());
            return buckets.Digest;
        }
    }

    /// <summary>Rows of any leaf, a few refused, of lengths on both sides of one that a header byte can hold.</summary>
    private static RowBatch RandomBatch(MemoryBudget budget, int number, Random random, int rows = 60)
    {
        var encoder = new RowEncoder(Schema, KeyOrder.Bytes, new RowLimits());
        var batch = new RowBatch(budget, fullBytes: 256 << 10, fullRows: 1000);
        for (int i = 0; i < rows; i++)
        {
            var row = new Row(Schema, (number * 1000L) + i, new string((char)('a' + (i % 26)), random.Next(2) == 0 ? random.Next(20) : random.Next(400)));
            Assert.Null(encoder.Encode(row, batch));
            batch.EndRow(random.Next(20) == 0 ? RowSpan.Refused : random.Next(Leaves));
        }

        batch.IsRouted = true;
        return batch;
    }

    /// <summary>The bytes of each bucket's rows, in their order, as text.</summary>
    private static List<string>[] Expected(List<RowBatch> batches, BucketSet buckets)
    {
        var expected = buckets.Buckets.Select(_ => new List<string>()).ToArray();
        byte* header = stackalloc byte[RowFormat.MaxHeaderBytes];
        foreach (var batch in batches)
        {
            byte* at = batch.Start;
            foreach (var row in batch.Rows)
            {
                var bytes = new Span<byte>(at, row.KeyLength + row.ValueLength);
                at += bytes.Length;
                if (row.Leaf == RowSpan.Refused)
                {
                    continue;
                }

                byte[] leaf = buckets.KeysHaveLeaf ? [0, 0, 0, (byte)row.Leaf] : [];
                int headerBytes = RowFormat.WriteHeader(header, leaf.Length + row.KeyLength, row.ValueLength);
                int bucket = buckets.Buckets.Single(b => row.Leaf >= b.FirstLeaf && row.Leaf < b.FirstLeaf + b.LeafCount).Index;
                expected[bucket].Add(Convert.ToHexString([.. new Span<byte>(header, headerBytes), .. leaf, .. bytes]));
            }
        }

        return expected;
    }

    private static void AssertRows(List<string>[] expected, BucketSet buckets, bool isWhole, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            var found = new List<string>();
            foreach (var slab in buckets.Buckets[i].Slabs)
            {
                for (byte* row = slab.Buffer.Pointer; row < slab.Buffer.Pointer + slab.UsedBytes; row += RowFormat.RowLength(row))
                {
                    found.Add(Convert.ToHexString(new Span<byte>(row, RowFormat.RowLength(row))));
                }
            }

            Assert.True(isWhole ? found.SequenceEqual(expected[i]) : found.SequenceEqual(expected[i].Take(found.Count)), $"bucket {i}, {what}");
        }
    }
}
