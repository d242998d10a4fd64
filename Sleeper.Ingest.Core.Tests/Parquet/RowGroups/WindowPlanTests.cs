using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public class WindowPlanTests
{
    private const long MaxGapBytes = 1 << 20;

    [Fact]
    public void Whatever_the_chunks_they_are_whole_if_they_fit_and_take_at_most_twice_the_share_if_not()
    {
        var random = new Random(11);
        int whole = 0;
        for (int i = 0; i < 3000; i++)
        {
            ChunkRange[] chunks = MakeChunks(random);
            long share = random.NextInt64(1, 64L << 20);
            WindowPlan plan = WindowPlan.Make(chunks, share, MaxGapBytes);

            Assert.All(chunks.Zip(plan.WindowBytes), pair => Assert.InRange(pair.Second, 0, pair.First.Length));
            IEnumerable<ChunkRange> inMemory = chunks.Where((chunk, c) => plan.WindowBytes[c] == chunk.Length);
            long windows = chunks.Zip(plan.WindowBytes).Where(pair => pair.First.Length > pair.Second).Sum(pair => pair.Second);
            long held = ChunkBytes.Join(inMemory, plan.MaxGapBytes).Sum(range => range.Length) + windows;
            bool fits = ChunkBytes.Join(chunks, MaxGapBytes).Sum(range => range.Length) <= share;
            Assert.Equal(fits, plan.WindowBytes.SequenceEqual(chunks.Select(chunk => chunk.Length)) && plan.MaxGapBytes == MaxGapBytes);
            Assert.InRange(held, 0, fits ? share : 2 * share);
            whole += fits ? 1 : 0;
        }

        Assert.InRange(whole, 100, 2900);
    }

    [Fact]
    public void Chunks_of_gigabytes_have_windows_in_proportion()
    {
        WindowPlan plan = WindowPlan.Make([new ChunkRange(4, 6L << 30), new ChunkRange(4 + (6L << 30), 2L << 30)], 16 << 20, MaxGapBytes);

        Assert.Equal([12L << 20, 4L << 20], plan.WindowBytes);
    }

    private static ChunkRange[] MakeChunks(Random random)
    {
        var chunks = new List<ChunkRange>();
        long offset = 4;
        for (int i = random.Next(1, 60); i > 0; i--)
        {
            var chunk = new ChunkRange(offset, random.NextInt64(1, 1L << random.Next(1, 34)));
            chunks.Add(chunk);
            offset = chunk.End + (random.Next(3) == 0 ? random.Next(1 << 21) : 0);
        }

        return [.. chunks];
    }
}
