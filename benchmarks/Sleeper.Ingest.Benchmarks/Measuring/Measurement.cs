using System.Diagnostics;
using System.Text.Json;
using Sleeper.Ingest.Benchmarks.Jobs;
using Sleeper.Ingest.Core;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>Time and memory of one job, from its opening to its commit.</summary>
internal sealed class Measurement : IAsyncDisposable
{
    private readonly WorkingSet _workingSet = WorkingSet.Watch();
    private readonly long _allocatedAtStart = GC.GetTotalAllocatedBytes();
    private readonly TimeSpan _processorAtStart = Process.GetCurrentProcess().TotalProcessorTime;
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    private Measurement()
    {
    }

    public static Measurement Start() => new();

    public ValueTask DisposeAsync() => _workingSet.DisposeAsync();

    /// <summary>Stops the clock and prints one JSON object on one line.</summary>
    public async Task PrintAsync(Workload workload, JobOptions options, IngestOptions ingest, IngestResult result)
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        var processor = Process.GetCurrentProcess().TotalProcessorTime - _processorAtStart;
        await _workingSet.DisposeAsync();
        options.Profile?.Print(result.RowCount, seconds, processor.TotalSeconds, options.Threads, result.Times);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            workload = workload.Name,
            rows = result.RowCount,
            seconds = Math.Round(seconds, 3),
            rowsPerSecond = Math.Round(result.RowCount / seconds),
            inputBytes = result.InputBytes,
            outputBytes = result.OutputBytes,
            spilledBytes = result.SpilledBytes,
            peakWorkingSetBytes = _workingSet.PeakBytes,
            workingSetAtOpenBytes = _workingSet.StartBytes,
            peakCountedBytes = result.PeakMemoryBytes,
            budgetBytes = ingest.MemoryBudgetBytes,
            allocatedBytes = GC.GetTotalAllocatedBytes() - _allocatedAtStart,
            processorSeconds = Math.Round(processor.TotalSeconds, 3),
            acceptingSeconds = Math.Round(result.Times.Accepting.TotalSeconds, 3),
            writingSeconds = Math.Round(result.Times.Writing.TotalSeconds, 3),
            syncingSeconds = Math.Round(result.Times.Syncing.TotalSeconds, 3),
            committingSeconds = Math.Round(result.Times.Committing.TotalSeconds, 3),
            threads = options.Threads,
            files = result.Files.Count,
            isDurable = options.IsDurable,
        }));
    }
}
