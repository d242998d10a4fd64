using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Pipeline;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// Many more rows of S128 than the memory budget holds, made while they are written, against as many as fit: speed, memory and spilled bytes over time. Afterwards
/// every file is read: all rows must be there once and in order.
/// </summary>
internal static class LongJob
{
    private const long DefaultRows = 400_000_000;
    private const long DefaultReferenceRows = 10_000_000;
    private const int ReferenceRuns = 3;
    private const long DiskBytes = 2L << 30;

    public static async Task<int> RunAsync(JobOptions options)
    {
        long rows = options.HasRows ? options.Rows : DefaultRows;
        long referenceRows = options.ReferenceRows ?? Math.Min(DefaultReferenceRows, rows);
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-long-").FullName;
        Directory.CreateDirectory(folder);
        long atStart = Environment.WorkingSet;
        try
        {
            double making = SecondsToMake(referenceRows) / referenceRows * 1e9;

            // The first run waits for the compiler, which a long one does not notice.
            var reference = new List<double>();
            for (int run = -1; run < ReferenceRuns; run++)
            {
                double speed = (await IngestAsync(options, Path.Combine(folder, "reference"), referenceRows, null)).RowsPerSecond;
                Directory.Delete(Path.Combine(folder, "reference"), recursive: true);
                reference.AddRange(run < 0 ? [] : [speed]);
            }

            var whole = await IngestAsync(options, Path.Combine(folder, "long"), rows, options.DropsCache ? new UncachedSpillFiles() : null);
            var clock = Stopwatch.StartNew();
            var check = await TableCheck.RunAsync(Path.Combine(folder, "long"), options.Threads);
            check.Require(rows, whole.KeySum);
            long queried = (await (await Table.OpenAsync(Path.Combine(folder, "long"), Workloads.S128.Name)).DescribeAsync()).RowCount;
            double checking = clock.Elapsed.TotalSeconds;

            // Last, since what it leaves to be written would be in the way of the others.
            var (diskWrites, diskReads) = PageCache.MeasureDisk(folder, Math.Min(DiskBytes, (rows * 32) + (1 << 20)));
            Draw(options, whole, rows);
            double reached = reference.Order().ElementAt(ReferenceRuns / 2);
            var result = whole.Result;
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                workload = "long",
                rows,
                seconds = Math.Round(whole.Seconds, 3),
                rowsPerSecond = Math.Round(whole.RowsPerSecond),
                referenceRows,
                referenceRowsPerSecond = reference.Select(speed => Math.Round(speed)),
                ratio = Math.Round(whole.RowsPerSecond / reached, 3),
                budgetBytes = BudgetBytes(options),
                inputBytes = result.InputBytes,
                outputBytes = result.OutputBytes,
                spilledBytes = result.SpilledBytes,
                spilledRows = result.SpilledRowCount,
                rowsSpilledTwice = result.RespilledRowCount,
                peakAboveStartBytes = whole.PeakBytes - atStart,
                managedHeapBytes = whole.ManagedBytes, // of the rows that are made, the most of it
                acceptingSeconds = Math.Round(result.Times.Accepting.TotalSeconds, 3),
                writingSeconds = Math.Round(result.Times.Writing.TotalSeconds, 3),
                syncingSeconds = Math.Round(result.Times.Syncing.TotalSeconds, 3),
                makingNanosecondsPerRow = Math.Round(making, 1),
                diskWritesMBPerSecond = Math.Round(diskWrites / 1e6),
                diskReadsMBPerSecond = Math.Round(diskReads / 1e6),
                spillLeavesCache = options.DropsCache,
                checkedRows = check.Rows,
                tableRows = queried,
                filesAreApart = check.AreFilesApart,
                checkingSeconds = Math.Round(checking, 1),
                threads = options.Threads,
                files = result.Files.Count,
                isDurable = options.IsDurable,
            }));
            return check.AreFilesApart && queried == rows ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long BudgetBytes(JobOptions options) => options.MemoryBytes ?? 1L << 30;

    private static async Task<LongRun> IngestAsync(JobOptions options, string folder, long rows, UncachedSpillFiles? spillFiles)
    {
        var generated = S128Row.Generate(rows);
        await using var sampler = new RunSampler();
        var store = new LocalObjectStore(folder, new LocalObjectStoreOptions { Durable = options.IsDurable });
        var ingest = Workloads.S128.Configure(options, store).WithMemoryBudget(BudgetBytes(options)).WithSpillFolder(options.SpillFolder ?? Path.Combine(folder, "spill")).WithProgress(sampler).Build();
        await using var workingSet = WorkingSet.Watch();
        var clock = Stopwatch.StartNew();
        await using var writer = await IngestOpening.OpenAsync(ingest with { SpillFiles = spillFiles }, new TableKeeper(), CancellationToken.None);
        await writer.WriteAsync(generated, S128Row.Mapping);
        var result = await writer.CompleteAsync();
        double seconds = clock.Elapsed.TotalSeconds;
        long managedBytes = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        await workingSet.DisposeAsync();
        await sampler.DisposeAsync();
        return new LongRun(seconds, rows / seconds, result, generated.KeySum, workingSet.PeakBytes, managedBytes, sampler.Samples);
    }

    private static double SecondsToMake(long rows)
    {
        var clock = Stopwatch.StartNew();
        foreach (var row in S128Row.Generate(rows))
        {
            GC.KeepAlive(row.Key);
        }

        return clock.Elapsed.TotalSeconds;
    }

    private static void Draw(JobOptions options, LongRun run, long rows)
    {
        if (options.SampleFile is { } table)
        {
            File.WriteAllLines(table, run.Samples.Select(sample => sample.ToString()).Prepend(RunSample.Header));
        }

        if (options.Plot is { } plot)
        {
            string cache = options.DropsCache ? ", spill files kept out of the page cache" : "";
            File.WriteAllText(plot, LongRunPlot.Draw(run.Samples, rows, BudgetBytes(options), $"{rows:N0} rows of S128 with a budget of {BudgetBytes(options) >> 20:N0} MiB{cache}"));
        }
    }

    private sealed record LongRun(
        double Seconds, double RowsPerSecond, IngestResult Result, ulong KeySum, long PeakBytes, long ManagedBytes, IReadOnlyList<RunSample> Samples);
}
