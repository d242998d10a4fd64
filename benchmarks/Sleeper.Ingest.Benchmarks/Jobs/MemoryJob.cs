using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>How far a process grows beyond the memory budget of its ingest, and who holds what; and what is allocated when all is under way.</summary>
/// <remarks>Rows come out of nothing. Each pair of a budget and a number of leaves has a process of its own, since a process that has grown stays large.</remarks>
internal static class MemoryJob
{
    private static readonly long[] Budgets = [64L << 20, 256L << 20, 1L << 30];
    private static readonly long[] LeafCounts = [1, 128, 10_000];

    public static async Task<int> RunAsync(JobOptions options)
    {
        IReadOnlyList<long> budgets = options.Budgets.Count > 0 ? options.Budgets : options.MemoryBytes is { } bytes ? [bytes] : Budgets;
        IReadOnlyList<long> leaves = options.Leaves.Count > 0 ? options.Leaves : LeafCounts;
        if (budgets.Count == 1 && leaves.Count == 1)
        {
            await RunOneAsync(options, budgets[0], checked((int)leaves[0]));
            return 0;
        }

        int worst = 0;
        foreach (long budget in budgets)
        {
            foreach (long count in leaves)
            {
                worst = Math.Max(worst, await RunChildAsync(options, budget, count));
            }
        }

        return worst;
    }

    private static async Task<int> RunChildAsync(JobOptions options, long budget, long leaves)
    {
        string[] arguments =
        [
            typeof(MemoryJob).Assembly.Location, "memory", "--budgets", Text(budget), "--leaves", Text(leaves), "--threads", Text(options.Threads),
            .. options.HasRows ? (string[])["--rows", Text(options.Rows)] : [],
            .. options.HasOutput ? (string[])["--out", options.Output] : [],
            .. options.IsDurable ? (string[])[] : ["--no-sync"],
        ];
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments))!;
        await child.WaitForExitAsync();
        return child.ExitCode;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task RunOneAsync(JobOptions options, long budget, int leaves)
    {
        const int RowBytes = 46;
        long rows = options.HasRows ? options.Rows : budget * 5 / 4 / RowBytes;
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-memory-").FullName;
        try
        {
            var factory = IngestFactory.Create().WithFolder(folder).WithTable($"memory-{budget}-{leaves}").WithSchema(FlatRow.Schema).WithSplitPoints(FlatRow.SplitPoints(leaves))
                .WithMemoryBudget(budget).WithDegreeOfParallelism(options.Threads);
            var writer = await (options.IsDurable ? factory : factory.WithoutDurability()).OpenAsync();
            await using var owned = writer;
            await using var workingSet = WorkingSet.Watch();
            await using var watch = new MemoryWatch();
            long steadyFrom = rows / 4 / 100_000 * 100_000;
            long allocatedAtSteady = 0;
            int[] collections = Collections();
            using var allocations = options.ShowsAllocations ? new AllocationWatch() : null;
            await writer.WriteAsync(
                FlatRow.Generate(rows, number => allocatedAtSteady = number == steadyFrom ? GC.GetTotalAllocatedBytes() : allocatedAtSteady), FlatRow.Mapping);
            long allocatedAtEnd = GC.GetTotalAllocatedBytes();
            allocations?.Print("accepting");
            var result = await writer.CompleteAsync();
            allocations?.Print("writing");
            long allocatedWriting = GC.GetTotalAllocatedBytes() - allocatedAtEnd;
            await watch.DisposeAsync();
            await workingSet.DisposeAsync();
            long above = workingSet.PeakBytes - workingSet.StartBytes - budget;
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                workload = "memory",
                budgetMiB = budget >> 20,
                leaves,
                rows,
                peakAboveBudgetMiB = MiB(above),
                peakAboveOpeningMiB = MiB(workingSet.PeakBytes - workingSet.StartBytes),
                countedMiB = MiB(result.PeakMemoryBytes),
                atPeakNativeMiB = MiB(watch.NativeBytes),
                atPeakHeapMiB = MiB(watch.HeapBytes),
                atPeakAnonymousMiB = MiB(watch.AnonymousBytes),
                atPeakFileMiB = MiB(watch.FileBytes),
                spilledMiB = MiB(result.SpilledBytes),
                acceptingBytesPerRow = Math.Round((allocatedAtEnd - allocatedAtSteady) / (double)(rows - steadyFrom), 2),
                writingBytesPerRow = Math.Round(allocatedWriting / (double)rows, 2),
                collections = Collections().Zip(collections, (after, before) => after - before),
                threads = options.Threads,
            }));
        }
        finally
        {
            if (!options.HasOutput)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static int[] Collections() => [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];

    private static double MiB(long bytes) => Math.Round(bytes / 1048576.0, 1);
}
