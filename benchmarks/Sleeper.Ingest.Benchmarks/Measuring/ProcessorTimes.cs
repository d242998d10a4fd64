using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Processor time of several kinds of the same work, done by turns, so that a busy machine treats all alike; medians, and ratios to the first.</summary>
internal sealed class ProcessorTimes(string job, IReadOnlyList<string> kinds)
{
    private readonly List<double>[] _seconds = [.. kinds.Select(_ => new List<double>())];
    private readonly List<double>[] _wall = [.. kinds.Select(_ => new List<double>())];

    /// <summary>Goes through all kinds so many times, once before that without counting.</summary>
    /// <param name="repeat">How often each kind counts.</param>
    /// <param name="prepare">Opens a writer of a kind; does not count.</param>
    /// <param name="work">What is measured.</param>
    public async Task MeasureAsync(int repeat, Func<int, Task<IIngestWriter>> prepare, Func<int, IIngestWriter, Task> work)
    {
        for (int round = -1; round < repeat; round++)
        {
            for (int kind = 0; kind < kinds.Count; kind++)
            {
                GC.Collect();
                await using var writer = await prepare(kind);
                var before = Process.GetCurrentProcess().TotalProcessorTime;
                var clock = Stopwatch.StartNew();
                await work(kind, writer);
                if (round >= 0)
                {
                    _wall[kind].Add(clock.Elapsed.TotalSeconds);
                    _seconds[kind].Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
                }
            }
        }
    }

    /// <summary>Prints one JSON object for each kind.</summary>
    public void Print(long rows, int threads)
    {
        double first = Median(_seconds[0]);
        for (int kind = 0; kind < kinds.Count; kind++)
        {
            double seconds = Median(_seconds[kind]);
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                workload = job,
                kind = kinds[kind],
                rows,
                processorSeconds = Math.Round(seconds, 3),
                processorNanosecondsPerRow = Math.Round(seconds / rows * 1e9),
                wallSeconds = Math.Round(Median(_wall[kind]), 3),
                speedAgainstFirst = Math.Round(first / seconds, 3),
                threads,
                repeat = _seconds[kind].Count,
            }));
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
