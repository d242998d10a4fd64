using Spectre.Console;

namespace Sleeper.Ingest.Core.Samples;

/// <summary>Shows how far an ingest is: two bars on a terminal, nothing where the output is redirected.</summary>
internal static class ProgressDisplay
{
    public static async Task<IngestResult> RunAsync(string inputPath, Func<IProgress<IngestProgress>, Task<IngestResult>> ingest)
    {
        if (Console.IsOutputRedirected)
        {
            return await ingest(new Listener(_ => { }));
        }

        return await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var reading = context.AddTask($"Reading {Markup.Escape(Path.GetFileName(inputPath))}");
                var writing = context.AddTask("Writing data files");
                var result = await ingest(new Listener(progress => Show(progress, reading, writing)));
                reading.Value = reading.MaxValue;
                writing.Value = writing.MaxValue;
                return result;
            });
    }

    private static void Show(IngestProgress progress, ProgressTask reading, ProgressTask writing)
    {
        reading.MaxValue = Math.Max(1, progress.RowsExpected ?? progress.RowsAccepted);
        reading.Value = progress.RowsAccepted;
        writing.MaxValue = Math.Max(1, Math.Max(progress.RowsExpected ?? 0, progress.RowsAccepted));
        writing.Value = progress.RowsWritten;
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it does not queue: the last report is shown before the result.</summary>
    private sealed class Listener(Action<IngestProgress> show) : IProgress<IngestProgress>
    {
        public void Report(IngestProgress value) => show(value);
    }
}
