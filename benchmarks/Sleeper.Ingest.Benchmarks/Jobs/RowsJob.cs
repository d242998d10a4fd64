using Sleeper.Ingest.Benchmarks.Measuring;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Benchmarks.Jobs;

/// <summary>Rows of S128 from memory, as <see cref="Row"/> or as objects of a type of the caller's.</summary>
internal static class RowsJob
{
    /// <summary>Runs the kind of rows asked for, or both, one after the other; into a folder of its own if none is given.</summary>
    public static async Task<int> RunAsync(JobOptions options, bool isStream)
    {
        foreach (bool isTyped in options.IsTyped is { } one ? [one] : new[] { false, true })
        {
            string folder = options.HasOutput ? options.Output : Directory.CreateTempSubdirectory("sleeper-rows-").FullName;
            try
            {
                await RunOneAsync(options.With(folder, isTyped), isStream, isTyped);
            }
            finally
            {
                if (!options.HasOutput)
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }

        return 0;
    }

    private static async Task RunOneAsync(JobOptions options, bool isStream, bool isTyped)
    {
        var workload = Workloads.S128;
        IEnumerable<S128Row> typed = S128Row.Generate(options.Rows);
        var rows = typed.Select(row => new Row(workload.Schema, row.Key, row.Timestamp, row.Value));
        if (!isStream)
        {
            // All rows are there before the clock starts: this measures the library, not the making of rows.
            typed = isTyped ? typed.ToArray() : typed;
            rows = isTyped ? rows : rows.ToArray();
        }

        var factory = workload.Configure(options);
        await using var measurement = Measurement.Start();
        await using var writer = await factory.OpenAsync();
        if (isTyped)
        {
            await writer.WriteAsync(typed, S128Row.Mapping);
        }
        else
        {
            await writer.WriteAsync(rows);
        }

        var result = await writer.CompleteAsync();
        await measurement.PrintAsync(workload, options, factory.Build(), result);
    }
}
