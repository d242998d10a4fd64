using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>One workload in commits of different sizes: small ones are visible soon and cost many files and requests, large ones the other way round.</summary>
internal static class BatchSizeJob
{
    /// <summary>Enough for a mean; a thousand rows into 128 leaves are 256 objects each time.</summary>
    private const int MostCommits = 8;

    private static readonly long[] Sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    /// <summary>Makes commits of each of <c>--batches</c> rows (10^3 to 10^7), <c>--rows</c> rows or eight commits for each size.</summary>
    public static async Task<int> RunAsync(JobOptions options)
    {
        var prices = options.PriceFile is { } file ? JsonSerializer.Deserialize<IngestPrices>(await File.ReadAllTextAsync(file))! : new IngestPrices();
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-batches-").FullName;
        var figures = new List<BatchSizeFigures>();
        try
        {
            await MeasureAsync(options, Path.Combine(folder, "warm-up"), 1_000, prices);
            foreach (long size in options.Batches.Count > 0 ? options.Batches : Sizes)
            {
                var one = await MeasureAsync(options, Path.Combine(folder, size.ToString(System.Globalization.CultureInfo.InvariantCulture)), size, prices);
                figures.Add(one);
                Console.WriteLine(JsonSerializer.Serialize(one));
            }
        }
        finally
        {
            if (!options.HasOutput)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var best = figures.MinBy(f => f.CostTimesDelay)!;
        if (options.Plot is { } plot)
        {
            await File.WriteAllTextAsync(plot, BatchSizePlot.Draw(figures, best, $"S128 into {Leaves(options):N0} leaves: what a commit's size costs and delays"));
        }

        Console.WriteLine(JsonSerializer.Serialize(new { workload = "batch-size", bestBatchRows = best.BatchRows, dollarsPerMillionRows = best.DollarsPerMillionRows, delaySeconds = Math.Round(best.DelaySeconds, 3) }));
        return 0;
    }

    private static int Leaves(JobOptions options) => options.Leaves.Count > 0 ? checked((int)options.Leaves[0]) : 128;

    private static async Task<BatchSizeFigures> MeasureAsync(JobOptions options, string folder, long batchRows, IngestPrices prices)
    {
        var store = new CountingStore(new LocalObjectStore(folder, new LocalObjectStoreOptions { Durable = options.IsDurable }));
        var factory = Workloads.S128WithLeaves(Leaves(options)).Configure(options, store);
        await using (await factory.OpenAsync())
        {
            // Makes the table.
        }

        store.TakeRequests();
        int commits = (int)Math.Clamp((options.HasRows ? options.Rows : 10_000_000) / batchRows, 1, MostCommits);
        var results = new List<IngestResult>();
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < commits; i++)
        {
            await using var writer = await factory.OpenAsync();
            await writer.WriteAsync(S128Row.Generate(batchRows, seed: (ulong)i), S128Row.Mapping);
            results.Add(await writer.CompleteAsync());
        }

        double seconds = clock.Elapsed.TotalSeconds;
        var requests = store.TakeRequests();
        long rows = results.Sum(r => r.RowCount);
        decimal dollars = prices.Of(requests) + prices.Of(clock.Elapsed);
        return new BatchSizeFigures(
            batchRows,
            commits,
            Math.Round(rows / seconds),
            results.Average(r => r.Files.Count),
            Math.Round(results.Sum(r => (double)r.OutputBytes) / results.Sum(r => r.Files.Count)),
            (double)requests.Total / commits,
            Math.Round(dollars * 1_000_000m / rows, 7),
            (seconds / commits) + (options.ArrivingRowsPerSecond is { } speed ? batchRows / speed : 0),
            Planned(options, batchRows, rows, rows / seconds, results, prices));
    }

    private static decimal Planned(JobOptions options, long batchRows, long rows, double rowsPerSecond, List<IngestResult> results, IngestPrices prices)
    {
        double rowBytes = (double)results.Sum(r => r.InputBytes) / rows;
        var workload = new IngestWorkload { RowCount = rows, RowBytes = rowBytes, LeafCount = Leaves(options), RowsPerCommit = batchRows, IngestedRowsPerSecond = rowsPerSecond };
        return Math.Round(IngestPlan.Make(workload, prices: prices).Whole.DollarsPerMillionRows, 7);
    }
}
