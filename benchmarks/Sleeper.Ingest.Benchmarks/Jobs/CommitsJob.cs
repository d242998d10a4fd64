using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// How many small ingests a table in a folder takes: each is opened, gets one row, writes one data file with its sketches and commits. One writer, then
/// four in one process; without and with syncs to disk.
/// </summary>
internal static class CommitsJob
{
    private const int Writers = 4;

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("value", FieldType.String).Build();

    /// <summary>Makes <c>--rows</c> commits (1,000 without) for each line of output.</summary>
    /// <param name="options">The command line.</param>
    /// <param name="threads">Workers of each writer.</param>
    public static async Task<int> RunAsync(JobOptions options, int threads)
    {
        int commits = options.HasRows ? checked((int)options.Rows) : 1000;
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-commits-").FullName;
        try
        {
            // The first commits of a process wait for the compiler; nobody asks how fast those are.
            await RunOneAsync(Path.Combine(folder, "warm-up"), writers: 1, Math.Min(commits, 200), isDurable: false, threads);
            foreach (bool isDurable in new[] { false, true })
            {
                foreach (int writers in new[] { 1, Writers })
                {
                    string table = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{(isDurable ? "sync" : "no-sync")}-{writers}"));
                    Print(writers, commits / writers * writers, isDurable, threads, await RunOneAsync(table, writers, commits / writers, isDurable, threads));
                }
            }
        }
        finally
        {
            if (!options.HasOutput)
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static async Task<(TimeSpan Elapsed, TimeSpan Processor)> RunOneAsync(string folder, int writers, int commitsEach, bool isDurable, int threads)
    {
        var factory = IngestFactory.Create().WithFolder(folder).WithSchema(Schema).WithMemoryBudget(16 << 20).WithDegreeOfParallelism(threads);
        var options = isDurable ? factory : factory.WithoutDurability();
        await using (await options.OpenAsync())
        {
            // Makes the table.
        }

        var clock = Stopwatch.StartNew();
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < commitsEach; i++)
            {
                await using var ingest = await options.OpenAsync();
                await ingest.WriteAsync(new Row(Schema, (long)i, "value"));
                await ingest.CompleteAsync();
            }
        })));
        return (clock.Elapsed, Process.GetCurrentProcess().TotalProcessorTime - processor);
    }

    private static void Print(int writers, int commits, bool isDurable, int threads, (TimeSpan Elapsed, TimeSpan Processor) took) => Console.WriteLine(JsonSerializer.Serialize(new
    {
        workload = "commits",
        writers,
        commits,
        seconds = Math.Round(took.Elapsed.TotalSeconds, 3),
        commitsPerSecond = Math.Round(commits / took.Elapsed.TotalSeconds, 1),
        processorMillisecondsPerCommit = Math.Round(took.Processor.TotalMilliseconds / commits, 3),
        threads,
        isDurable,
    }));
}
