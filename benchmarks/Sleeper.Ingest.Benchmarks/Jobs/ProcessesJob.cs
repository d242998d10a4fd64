using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>
/// Rows of S128 into one table by four processes at once, and as many by one with the same cores, in turns. The rows are there before the clock starts.
/// Afterwards every file is read: no row may be lost or doubled by a conflict.
/// </summary>
internal static class ProcessesJob
{
    private const int Processes = 4;
    private const string Ready = "ready";
    private const string Done = "done";

    public static async Task<int> RunAsync(JobOptions options)
    {
        long rows = (options.HasRows ? options.Rows : 10_000_000) / Processes * Processes;
        long memory = options.MemoryBytes ?? 1L << 30;
        var seconds = new Dictionary<int, List<double>> { [1] = [], [Processes] = [] };
        long rowsInTable = 0;
        for (int round = 0; round < options.Repeat; round++)
        {
            foreach (int processes in new[] { 1, Processes })
            {
                string folder = Directory.CreateTempSubdirectory("sleeper-processes-").FullName;
                try
                {
                    (double took, rowsInTable) = await RunOneAsync(options, folder, rows, memory, processes);
                    seconds[processes].Add(took);
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }

        foreach (var (processes, times) in seconds)
        {
            double median = times.Order().ElementAt(times.Count / 2);
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                workload = "processes",
                processes,
                rows,
                seconds = Math.Round(median, 3),
                rowsPerSecond = Math.Round(rows / median),
                againstOneProcess = seconds[1].Zip(times, (one, time) => Math.Round(one / time, 3)),
                rowsInTable,
                threadsOfEach = Threads(options, processes),
                budgetBytesOfEach = memory / processes,
                isDurable = options.IsDurable,
            }));
        }

        return 0;
    }

    /// <summary>One of the processes: makes its rows, says so, and ingests them when it is told to.</summary>
    public static async Task<int> WorkAsync(JobOptions options)
    {
        var rows = S128Row.Generate(options.Rows, options.Seed);
        S128Row[] made = [.. rows];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Ready} {rows.KeySum}"));
        if (Console.ReadLine() is null)
        {
            return 1;
        }

        await using var writer = await Workloads.S128.Configure(options).OpenAsync();
        await writer.WriteAsync(made, S128Row.Mapping);
        await writer.CompleteAsync();
        Console.WriteLine(Done);
        return 0;
    }

    private static int Threads(JobOptions options, int processes) => Math.Max(1, options.Threads / processes);

    private static async Task<(double Seconds, long RowsInTable)> RunOneAsync(JobOptions options, string folder, long rows, long memory, int processes)
    {
        var store = new LocalObjectStore(folder, new LocalObjectStoreOptions { Durable = options.IsDurable });
        await using (await Workloads.S128.Configure(options, store).OpenAsync())
        {
            // Makes the table.
        }

        var workers = Enumerable.Range(1, processes).Select(number => Start(
            options, folder, rows / processes, memory / processes, Threads(options, processes), number)).ToList();
        ulong keySum = 0;
        foreach (var worker in workers)
        {
            string line = await ExpectAsync(worker, Ready);
            keySum += ulong.Parse(line[(Ready.Length + 1)..], CultureInfo.InvariantCulture);
        }

        var clock = Stopwatch.StartNew();
        workers.ForEach(worker => worker.StandardInput.WriteLine());
        await Task.WhenAll(workers.Select(worker => ExpectAsync(worker, Done)));
        double seconds = clock.Elapsed.TotalSeconds;
        foreach (var worker in workers)
        {
            await worker.WaitForExitAsync();
            worker.Dispose();
        }

        (await TableCheck.RunAsync(folder, options.Threads)).Require(rows, keySum);
        var table = await (await Table.OpenAsync(store, Workloads.S128.Name)).DescribeAsync();
        return table.RowCount == rows ? (seconds, table.RowCount) : throw new InvalidDataException($"The table's state counts {table.RowCount:N0} rows; {rows:N0} were given.");
    }

    private static Process Start(JobOptions options, string folder, long rows, long memory, int threads, int number)
    {
        string[] arguments =
        [
            typeof(ProcessesJob).Assembly.Location, "processes-worker", "--out", folder, "--rows", Text(rows), "--memory", Text(memory), "--threads", Text(threads), "--seed", Text(number),
            .. options.IsDurable ? (string[])[] : ["--no-sync"],
        ];
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<string> ExpectAsync(Process worker, string word) =>
        await worker.StandardOutput.ReadLineAsync() is { } line && line.StartsWith(word, StringComparison.Ordinal)
            ? line
            : throw new InvalidOperationException($"A process did not come to '{word}'; its message is above.");
}
