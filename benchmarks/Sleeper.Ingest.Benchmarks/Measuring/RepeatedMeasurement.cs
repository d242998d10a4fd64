using System.Diagnostics;
using System.Text.Json;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Time and memory of work that is done several times in one process: the first time includes what the compiler takes.</summary>
internal sealed class RepeatedMeasurement : IAsyncDisposable
{
    private readonly WorkingSet _workingSet = WorkingSet.Watch();
    private readonly List<double> _seconds = [];
    private readonly Stopwatch _clock = new();
    private long _allocatedBytes;
    private TimeSpan _processor;

    private RepeatedMeasurement()
    {
    }

    public static RepeatedMeasurement Start() => new();

    public void Begin()
    {
        _allocatedBytes = GC.GetTotalAllocatedBytes();
        _processor = Process.GetCurrentProcess().TotalProcessorTime;
        _clock.Restart();
    }

    public void End()
    {
        _seconds.Add(_clock.Elapsed.TotalSeconds);
        _processor = Process.GetCurrentProcess().TotalProcessorTime - _processor;
        _allocatedBytes = GC.GetTotalAllocatedBytes() - _allocatedBytes;
    }

    public ValueTask DisposeAsync() => _workingSet.DisposeAsync();

    /// <summary>Prints one JSON object on one line: the median of the times, the first one, and allocation and processor time of the last.</summary>
    public async Task PrintAsync(string job, JobOptions options, long rows, object sizes)
    {
        await _workingSet.DisposeAsync();
        double median = _seconds.Order().ElementAt(_seconds.Count / 2);
        var line = new Dictionary<string, object>
        {
            ["job"] = job,
            ["rows"] = rows,
            ["seconds"] = Math.Round(median, 4),
            ["rowsPerSecond"] = Math.Round(rows / median),
            ["firstSeconds"] = Math.Round(_seconds[0], 4),
            ["repeat"] = _seconds.Count,
            ["peakWorkingSetBytes"] = _workingSet.PeakBytes,
            ["workingSetAtOpenBytes"] = _workingSet.StartBytes,
            ["allocatedBytes"] = _allocatedBytes,
            ["processorSeconds"] = Math.Round(_processor.TotalSeconds, 3),
            ["threads"] = options.Threads,
        };
        foreach (var size in sizes.GetType().GetProperties())
        {
            line[size.Name] = size.GetValue(sizes)!;
        }

        Console.WriteLine(JsonSerializer.Serialize(line));
    }
}
