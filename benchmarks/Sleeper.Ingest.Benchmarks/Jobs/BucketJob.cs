using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores.S3;
using Sleeper.Ingest.Core.Tests.Emulators;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>S128 into a folder and into a bucket, in turns, and the requests of one ingest. The bucket is in this process: what it costs is not ours, but counts.</summary>
internal static class BucketJob
{
    private const string Bucket = "bench";

    public static async Task<int> RunAsync(JobOptions options)
    {
        var rows = options.HasInput ? [] : S128Row.Generate(options.Rows).ToArray();
        var folders = new List<Run>();
        var buckets = new List<Run>();
        IReadOnlyList<HttpCall> calls = [];
        for (int i = 0; i < options.Repeat; i++)
        {
            string folder = Directory.CreateTempSubdirectory("sleeper-bucket-").FullName;
            try
            {
                folders.Add(await IngestAsync(Workloads.S128.Configure(options.With(folder, isTyped: true)), rows, options));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }

            using var s3 = new InProcessS3(buckets: Bucket) { HasMd5Tags = false };
            using var store = new S3ObjectStore(s3.NewClient(), Bucket);
            buckets.Add(await IngestAsync(Workloads.S128.Configure(options, store), rows, options));
            calls = s3.Calls;
        }

        var (intoFolder, intoBucket) = (Run.Median(folders), Run.Median(buckets));
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            workload = Workloads.S128.Name,
            rows = intoBucket.Result.RowCount,
            runs = options.Repeat,
            folderRowsPerSecond = Math.Round(intoFolder.RowsPerSecond),
            bucketRowsPerSecond = Math.Round(intoBucket.RowsPerSecond),
            bucketToFolder = Math.Round(intoBucket.RowsPerSecond / intoFolder.RowsPerSecond, 3),
            folderProcessorSeconds = Math.Round(intoFolder.ProcessorSeconds, 3),
            bucketProcessorSeconds = Math.Round(intoBucket.ProcessorSeconds, 3),
            outputBytes = intoBucket.Result.OutputBytes,
            files = intoBucket.Result.Files.Count,
            requests = calls.GroupBy(call => call.Operation).ToDictionary(group => group.Key, group => group.Count()),
            threads = options.Threads,
        }));
        return 0;
    }

    private static async Task<Run> IngestAsync(IngestFactory factory, S128Row[] rows, JobOptions options)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var processorAtStart = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await using var writer = await factory.OpenAsync();
        if (options.HasInput)
        {
            await writer.WriteParquetAsync(options.Input);
        }
        else
        {
            await writer.WriteAsync(rows, S128Row.Mapping);
        }

        var result = await writer.CompleteAsync();
        double seconds = clock.Elapsed.TotalSeconds;
        process.Refresh();
        return new Run(seconds, (process.TotalProcessorTime - processorAtStart).TotalSeconds, result);
    }

    private sealed record Run(double Seconds, double ProcessorSeconds, IngestResult Result)
    {
        public double RowsPerSecond => Result.RowCount / Seconds;

        public static Run Median(List<Run> runs) => runs.OrderBy(run => run.Seconds).ElementAt(runs.Count / 2);
    }
}
