using System.Text.Json;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>What taking rows from a Parquet file allocates when all is under way: the file is read once, then again into the same ingest, and only that counts.</summary>
internal static class AllocationsJob
{
    public static async Task<int> RunAsync(JobOptions options)
    {
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-allocations-").FullName;
        try
        {
            await using var writer = await Workloads.S128.Configure(options.With(folder, isTyped: false)).OpenAsync();
            await writer.WriteParquetAsync(options.Input);
            long rowsBefore = writer.RowCount;
            long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
            int[] collectionsBefore = Collections();
            await writer.WriteParquetAsync(options.Input);
            long allocated = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore;
            long rows = writer.RowCount - rowsBefore;
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                workload = "allocations",
                rows,
                acceptingBytesPerRow = Math.Round((double)allocated / rows, 3),
                collections = Collections().Zip(collectionsBefore, (after, before) => after - before),
                threads = options.Threads,
            }));
            return 0;
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
}
