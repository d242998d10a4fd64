using Sleeper.Ingest.Benchmarks.Measuring;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>The same rows into few and into many leaves. Finished files are thrown away, so that making and syncing them does not count.</summary>
internal static class LeavesJob
{
    public static async Task<int> RunAsync(JobOptions options)
    {
        long rows = options.HasRows ? options.Rows : 4_000_000;
        long[] leaves = options.Leaves.Count > 0 ? [.. options.Leaves] : [128, 10_000];
        S128Row[] typed = [.. S128Row.Generate(rows)];
        var times = new ProcessorTimes("leaves", [.. leaves.Select(l => l.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
        await times.MeasureAsync(
            options.Repeat, kind => Workloads.S128WithLeaves((int)leaves[kind]).Configure(options, new ForgettingStore()).OpenAsync(), async (_, writer) =>
        {
            await writer.WriteAsync(typed, S128Row.Mapping);
            var result = await writer.CompleteAsync();
            options.Profile?.Print(rows, result.Times.Total.TotalSeconds, 0, options.Threads, result.Times);
        });
        times.Print(rows, options.Threads);
        return 0;
    }
}
