using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.OwnTables;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A table with fixed partition ids and rows for it, made anew each time, so that runs under different settings can be compared.</summary>
internal sealed record IngestScenario(string Name, PartitionTree Tree, Schema Schema, int RowCount, Func<int, Row> RowAt)
{
    /// <summary>What the table asks to be done with its rows; null for nothing.</summary>
    public NaiveIterators? Iterators { get; init; }

    public IEnumerable<Row> Rows() => Enumerable.Range(0, RowCount).Select(RowAt);

    /// <summary>Runs the whole pipeline. Fails if the pipeline's own count of memory exceeds the budget or a spill file is left.</summary>
    public async Task<ScenarioRun> RunAsync(ScenarioSettings settings)
    {
        using var spill = new TemporaryFolder();
        var store = new InMemoryObjectStore();
        using (await OwnTable.CreateOrOpenAsync(store, "default", Schema, Tree, TableFixture.Options(), Iterators?.Properties(Schema)))
        {
        }

        long budget = (long)settings.BudgetMebibytes << 20;
        var factory = IngestFactory.Create().UseObjectStore(store).WithSchema(Schema).WithMemoryBudget(budget)
            .WithDegreeOfParallelism(settings.Workers).WithFileStrategy(settings.Strategy).WithCompression(settings.Codec)
            .WithRowGroups(settings.RowGroupRows, settings.RowGroupBytes).WithPages(settings.PageRows, settings.PageBytes)
            .WithSpillFolder(spill.Path);
        if (Iterators is not null)
        {
            factory.UseClock(new ManualClock(DateTimeOffset.FromUnixTimeMilliseconds(Iterators.NowMillis)));
        }

        await using var writer = await (settings.BloomFilters ? factory.WithRowKeyBloomFilters() : factory).OpenAsync();
        await FeedAsync(writer, settings);
        var result = await writer.CompleteAsync();
        Assert.Equal(RowCount, result.InputRowCount);
        Assert.InRange(result.PeakMemoryBytes, 1, budget);
        Assert.Empty(Directory.EnumerateFileSystemEntries(spill.Path));
        return new ScenarioRun(store, result);
    }

    /// <summary>The model: rows of each leaf that has some, in leaf order, sorted by key, stable, after what the table asks for.</summary>
    public List<List<Row>> SortedByLeaf()
    {
        var position = Tree.Leaves.Select((leaf, i) => (leaf.Id, i)).ToDictionary(p => p.Id, p => p.i);
        int keys = Schema.RowKeyFields.Count;
        var byLeaf = Rows().GroupBy(row => position[Tree.LeafOf([.. row.Values[..keys]], KeyOrder.Bytes).Id]).OrderBy(g => g.Key).Select(g => RowOrder.Sort(g));
        return Iterators is null ? [.. byLeaf] : [.. byLeaf.Select(Iterators.Apply).Where(rows => rows.Count > 0)];
    }

    public override string ToString() => Name;

    private async Task FeedAsync(IIngestWriter writer, ScenarioSettings settings)
    {
        switch (settings.Feed)
        {
            case RowFeed.Enumerable:
                await writer.WriteAsync(Rows());
                break;
            case RowFeed.Singly:
                foreach (var row in Rows())
                {
                    await writer.WriteAsync(row);
                }

                break;
            case RowFeed.Batches:
                await FeedBatchesAsync(writer, new Random(settings.Seed));
                break;
            default:
                var source = new InMemoryObjectStore();
                await source.PutAsync("rows.parquet", SmallDataFile.Write(Schema, [.. Rows()], rowGroupRowCount: 7_777, pageRowCount: 1_003));
                await writer.WriteParquetAsync(source, "rows.parquet");
                break;
        }
    }

    private async Task FeedBatchesAsync(IIngestWriter writer, Random random)
    {
        for (int next = 0; next < RowCount;)
        {
            int count = Math.Min(RowCount - next, random.Next(3) == 0 ? random.Next(1, 20) : random.Next(1, 12_000));
            var rows = Enumerable.Range(next, count).Select(RowAt);
            switch (random.Next(3))
            {
                case 0:
                    await writer.WriteAsync(rows);
                    break;
                case 1:
                    await writer.WriteAsync(EndToEnd.IngestModelTests.ToAsync(rows));
                    break;
                default:
                    foreach (var row in rows.Take(50))
                    {
                        await writer.WriteAsync(row);
                    }

                    count = Math.Min(count, 50);
                    break;
            }

            next += count;
        }
    }
}
