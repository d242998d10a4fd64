using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core.Tests.Support;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>What <see cref="RowsJob"/> does, by DuckDB in this process: the same rows out of the caller's memory through its appender, then sorted and partitioned by <c>COPY</c>.</summary>
internal static class DuckDbRowsJob
{
    /// <summary>The leaf of <see cref="Workloads.S128"/>.</summary>
    private const string Leaf = "((ascii(key[1]) - 97) * 26 + (ascii(key[2]) - 97)) * 128 // 676";

    public static async Task<int> RunAsync(JobOptions options)
    {
        string library = await CompareFolder.DuckDbLibraryAsync();
        S128Row[] rows = [.. S128Row.Generate(options.Rows)];
        Directory.CreateDirectory(options.Output);
        string folder = options.Output.Replace("'", "''", StringComparison.Ordinal);
        long memoryBytes = options.MemoryBytes ?? 1L << 30;
        await using var workingSet = WorkingSet.Watch();
        var clock = Stopwatch.StartNew();
        using var connection = new DuckDbDatabase(library).Connect();
        connection.Run(string.Create(CultureInfo.InvariantCulture, $"SET threads = {options.Threads}"), collect: false);
        connection.Run(string.Create(CultureInfo.InvariantCulture, $"SET memory_limit = '{memoryBytes / 1_000_000}MB'"), collect: false);
        connection.Run($"SET temp_directory = '{folder}/temp'", collect: false);
        connection.Run("CREATE TABLE given (key VARCHAR, timestamp BIGINT, value VARCHAR)", collect: false);
        new DuckDbAppender(library, connection).Append("given", rows);
        double appending = clock.Elapsed.TotalSeconds;
        connection.Run($"COPY (SELECT *, {Leaf} AS leaf FROM given ORDER BY key, timestamp) TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (leaf), OVERWRITE_OR_IGNORE)", collect: false);
        double seconds = clock.Elapsed.TotalSeconds;
        await workingSet.DisposeAsync();
        FileInfo[] files = new DirectoryInfo(options.Output).GetFiles("*.parquet", SearchOption.AllDirectories);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            workload = "duckdb-rows",
            rows = rows.Length,
            seconds = Math.Round(seconds, 3),
            rowsPerSecond = Math.Round(rows.Length / seconds),
            appendingSeconds = Math.Round(appending, 3),
            outputBytes = files.Sum(file => file.Length),
            peakWorkingSetBytes = workingSet.PeakBytes,
            workingSetAtOpenBytes = workingSet.StartBytes,
            budgetBytes = memoryBytes,
            threads = options.Threads,
            files = files.Length,
        }));
        return 0;
    }
}
