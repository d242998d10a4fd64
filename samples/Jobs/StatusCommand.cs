using System.Globalization;
using Sleeper.Ingest.Core.Jobs;
using Spectre.Console;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Shows what became of jobs: as lines, or, with --watch in a terminal, as a table that is kept up to date.</summary>
internal static class StatusCommand
{
    private static readonly string[] Columns = ["job", "state", "table", "files", "rows", "done", "rows/s", "began", "ends", "runs", "why"];

    public static async Task RunAsync(Arguments arguments, CancellationToken token)
    {
        var place = await TablePlace.OpenAsync(new Places(arguments.Option("--endpoint")), arguments.Value(0, "TABLES"), token);
        if (!arguments.Has("--watch"))
        {
            PrintLines(await FindAsync(place, arguments, token));
            return;
        }

        if (Console.IsOutputRedirected)
        {
            await PrintChangesAsync(place, arguments, token);
            return;
        }

        await AnsiConsole.Live(ToTable(await FindAsync(place, arguments, token))).StartAsync(async view =>
        {
            while (!token.IsCancellationRequested)
            {
                view.UpdateTarget(ToTable(await FindAsync(place, arguments, token)));
                await Task.Delay(TimeSpan.FromSeconds(1), token);
            }
        });
    }

    private static async Task<IReadOnlyList<JobStatus>> FindAsync(TablePlace place, Arguments arguments, CancellationToken token)
    {
        var reports = new JobReports(place.Tracker);
        if (arguments.Option("--job") is { } id)
        {
            return await reports.FindAsync(id, token) is { } job ? [job] : [];
        }

        if (arguments.Has("--rejected"))
        {
            return await reports.ListRejectedAsync(token);
        }

        List<JobStatus> found = [];
        foreach (string? tableId in await TableIdsAsync(place, arguments, token))
        {
            found.AddRange(
                arguments.Has("--unfinished") ? await reports.ListUnfinishedAsync(tableId, token)
                : arguments.Option("--task") is { } task ? await reports.ListOfTaskAsync(tableId, task, token)
                : arguments.Has("--hours") ? await reports.ListBetweenAsync(
                    tableId, DateTimeOffset.UtcNow - TimeSpan.FromHours(arguments.Number("--hours", 1)), DateTimeOffset.UtcNow, token)
                : await reports.ListAsync(tableId, token));
        }

        return [.. found.OrderByDescending(j => j.Runs[0].FirstUpdateTime)];
    }

    private static async Task<List<string?>> TableIdsAsync(TablePlace place, Arguments arguments, CancellationToken token)
    {
        if (arguments.From(1) is [var name, ..])
        {
            return [(await place.Tables.FindAsync(null, name, token) ?? throw new ArgumentException($"There is no table '{name}'.")).Id];
        }

        List<string?> ids = [null];
        await foreach (string each in place.ListAsync(token))
        {
            ids.Add((await place.Tables.FindAsync(null, each, token))?.Id);
        }

        return ids;
    }

    private static void PrintLines(IReadOnlyList<JobStatus> jobs)
    {
        string[][] lines = [Columns, .. jobs.Select(Cells)];
        int[] widths = [.. Columns.Select((_, column) => lines.Max(line => line[column].Length))];
        foreach (string[] line in lines)
        {
            Console.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        Console.WriteLine(string.Join(", ", jobs.GroupBy(j => j.State).OrderBy(g => g.Key).Select(g => $"{g.Count()} {g.Key}").DefaultIfEmpty("no jobs")));
    }

    /// <summary>One line each time that a job's state changes, until all are done.</summary>
    private static async Task PrintChangesAsync(TablePlace place, Arguments arguments, CancellationToken token)
    {
        Dictionary<string, JobState> known = [];
        while (true)
        {
            var jobs = await FindAsync(place, arguments, token);
            foreach (var job in jobs.Where(j => !known.TryGetValue(j.JobId, out var state) || state != j.State))
            {
                known[job.JobId] = job.State;
                Console.WriteLine(string.Join("  ", Cells(job)).TrimEnd());
            }

            if (jobs.All(j => !j.IsUnfinished))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), token);
        }
    }

    private static Spectre.Console.Table ToTable(IReadOnlyList<JobStatus> jobs)
    {
        var table = new Spectre.Console.Table().Border(TableBorder.Simple);
        foreach (string column in Columns)
        {
            table.AddColumn(column);
        }

        foreach (var job in jobs.Take(Math.Max(5, Console.WindowHeight - 6)))
        {
            table.AddRow([.. Cells(job).Select(Markup.Escape)]);
        }

        return table;
    }

    private static string[] Cells(JobStatus job)
    {
        var run = job.Runs[0];
        var culture = CultureInfo.InvariantCulture;
        return
        [
            OneLine(job.JobId, 40),
            job.State.ToString(),
            job.TableName ?? job.TableId ?? "-",
            run.InputFileCount.ToString(culture),
            run.RowsRead.ToString("N0", culture),
            run.PercentDone is { } percent ? percent.ToString("N0", culture) + "%" : "-",
            run.RowsPerSecond?.ToString("N0", culture) ?? "-",
            run.StartTime?.ToLocalTime().ToString("HH:mm:ss", culture) ?? "-",
            (run.FinishTime ?? run.EstimatedEnd)?.ToLocalTime().ToString("HH:mm:ss", culture) ?? "-",
            job.Runs.Count.ToString(culture),
            OneLine(string.Join("; ", run.Reasons.Concat(run.Details)), 200),
        ];
    }

    private static string OneLine(string text, int longest)
    {
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= longest ? line : line[..longest] + "...";
    }
}
