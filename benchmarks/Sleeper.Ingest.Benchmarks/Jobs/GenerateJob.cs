using System.Globalization;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>Makes an input file with DuckDB, so that neither side of a comparison reads a file that it wrote for itself alone.</summary>
internal static class GenerateJob
{
    public static Task<int> RunAsync(JobOptions options) =>
        CompareFolder.RunAsync("generate.mjs", options.Workload, options.Rows.ToString(CultureInfo.InvariantCulture), Path.GetFullPath(options.Output));
}
