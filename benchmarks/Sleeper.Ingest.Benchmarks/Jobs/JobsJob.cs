using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Queues;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// How many small jobs processes of one machine work off: jobs of one file of 1,000 rows, from a queue in a folder, into one table. At the end every job's rows are
/// in the table once, or it fails.
/// </summary>
internal static class JobsJob
{
    private const int RowsPerJob = 1000;
    private const int Processes = 8;
    private const string TableName = "jobs";

    private static readonly Schema Schema = Schema.Create().RowKey("key", FieldType.Long).Value("value", FieldType.String).Build();

    /// <summary>Works off <c>--rows</c> jobs (1,000 without) by <c>--threads</c> processes (8 without).</summary>
    public static async Task<int> RunAsync(JobOptions options, int? processes)
    {
        int jobs = options.HasRows ? checked((int)options.Rows) : 1000;
        string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-jobs-").FullName;
        try
        {
            await RunAsync(folder, jobs, processes ?? Processes, options.IsDurable);
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

    /// <summary>One of the processes: ends when the queue is empty.</summary>
    public static async Task<int> WorkAsync(JobOptions options)
    {
        var tables = new LocalObjectStore(Path.Combine(options.Output, "tables"), new LocalObjectStoreOptions { Durable = options.IsDurable });
        await new IngestJobWorker(new IngestJobWorkerOptions
        {
            Queue = new ObjectStoreQueue(Path.Combine(options.Output, "inbox")),
            Tables = new ObjectStoreJobTables(tables),
            Tracker = new ObjectStoreJobTracker(tables),
            Inputs = new JobInputs { AllowsLocalFiles = true },
            ConfigureIngest = f => f.WithMemoryBudget(16 << 20).WithDegreeOfParallelism(1).WithSpillFolder(Path.Combine(options.Output, "spill")),
            ReceiveWait = TimeSpan.FromSeconds(1),
            StopsWhenEmpty = true,
        }).RunAsync();
        return 0;
    }

    private static async Task RunAsync(string folder, int jobs, int processes, bool isDurable)
    {
        var tables = new LocalObjectStore(Path.Combine(folder, "tables"), new LocalObjectStoreOptions { Durable = isDurable });
        await Table.CreateAsync(tables, TableName, Schema);
        string file = await MakeFileAsync(Path.Combine(folder, "input"));
        var queue = new ObjectStoreQueue(Path.Combine(folder, "inbox"));
        for (int i = 0; i < jobs; i++)
        {
            var job = new IngestJobMessage { Id = string.Create(CultureInfo.InvariantCulture, $"job-{i}"), TableName = TableName, Files = [file] };
            await queue.SendAsync(job.ToJson());
        }

        var clock = Stopwatch.StartNew();
        var workers = Enumerable.Range(0, processes).Select(_ => Start(folder, isDurable)).ToList();
        foreach (var worker in workers)
        {
            await worker.WaitForExitAsync();
            if (worker.ExitCode != 0)
            {
                throw new InvalidOperationException($"A worker ended with {worker.ExitCode}.");
            }

            worker.Dispose();
        }

        double wall = clock.Elapsed.TotalSeconds;
        var runs = await CheckAsync(tables, jobs);
        double seconds = (runs.Max(r => r.FinishTime!.Value) - runs.Min(r => r.StartTime!.Value)).TotalSeconds;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            workload = "jobs",
            processes,
            jobs,
            rowsPerJob = RowsPerJob,
            seconds = Math.Round(seconds, 3),
            jobsPerSecond = Math.Round(jobs / seconds, 1),
            secondsWithStart = Math.Round(wall, 3),
            isDurable,
        }));
    }

    /// <summary>The data file of a small table is a Parquet file like any other.</summary>
    private static async Task<string> MakeFileAsync(string folder)
    {
        await using var writer = await IngestFactory.Create().WithFolder(folder).WithSchema(Schema).WithMemoryBudget(16 << 20).OpenAsync();
        await writer.WriteAsync(Enumerable.Range(0, RowsPerJob).Select(i => new Row(Schema, (long)i, string.Create(CultureInfo.InvariantCulture, $"value {i}"))));
        await writer.CompleteAsync();
        return Path.GetFullPath(Directory.GetFiles(folder, "*.parquet", SearchOption.AllDirectories).Single());
    }

    private static Process Start(string folder, bool isDurable)
    {
        string program = typeof(JobsJob).Assembly.Location;
        string[] arguments = [program, "jobs-worker", "--out", folder, .. isDurable ? Array.Empty<string>() : ["--no-sync"]];
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)) ?? throw new InvalidOperationException("A worker did not start.");
    }

    /// <summary>None lost, none doubled: one commit a job, and each key as often as there were jobs.</summary>
    private static async Task<IReadOnlyList<JobRun>> CheckAsync(LocalObjectStore store, int jobs)
    {
        var table = await Table.OpenAsync(store, TableName);
        var description = await table.DescribeAsync();
        var reports = new JobReports(new ObjectStoreJobTracker(store));
        var found = await reports.ListAsync((await new ObjectStoreJobTables(store).FindAsync(null, TableName))!.Id);
        var counts = new Dictionary<long, int>();
        await foreach (var row in table.ReadAsync())
        {
            counts[row.GetLong(0)] = counts.GetValueOrDefault(row.GetLong(0)) + 1;
        }

        bool isRight = description.TransactionNumber == jobs && found.Count == jobs && found.All(j => j.State == JobState.Finished && j.Runs.Count == 1)
            && counts.Count == RowsPerJob && counts.Values.All(c => c == jobs);
        return isRight
            ? [.. found.Select(j => j.Runs[0])]
            : throw new InvalidOperationException(
                $"{description.TransactionNumber} commits, {found.Count} jobs known, {found.Count(j => j.State == JobState.Finished)} of them finished, {description.RowCount} rows, for {jobs} jobs.");
    }
}
