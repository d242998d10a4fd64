using Sleeper.Ingest.Benchmarks.Measuring;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>A Parquet file becomes a table. The clock runs from before the table is opened until the commit is durable.</summary>
internal static class IngestJob
{
    public static async Task<int> RunAsync(Workload workload, JobOptions options)
    {
        var factory = workload.Configure(options);
        await using var measurement = Measurement.Start();
        await using var writer = await factory.OpenAsync();
        await writer.WriteParquetAsync(options.Input);
        var result = await writer.CompleteAsync();
        await measurement.PrintAsync(workload, options, factory.Build(), result);
        return 0;
    }
}
