using System.Diagnostics;
using System.Runtime.InteropServices;
using Sleeper.Ingest.Core;
using Sleeper.Ingest.Core.Diagnostics;

namespace Sleeper.Ingest.Benchmarks.Measuring;

/// <summary>What each stage of a job took, for <c>--profile</c>: time on the wall and of processors, bytes, and the stalls at hand-overs.</summary>
internal sealed partial class StageProfile
{
    private StageClock? _clock;

    /// <summary>A clock at zero, for one ingest.</summary>
    public StageClock Start() => _clock = new StageClock(WallNanoseconds, ThreadNanoseconds);

    /// <summary>Prints the table. Stages that are done by several threads at once add up.</summary>
    public void Print(long rows, double seconds, double processorSeconds, int threads, IngestTimes times)
    {
        Console.WriteLine($"{"stage",-14}{"calls",10}{"wall s",10}{"processor s",13}{"% of cores",12}{"MB",11}{"bytes/row",11}");
        double counted = 0;
        foreach (var stage in _clock!.Figures)
        {
            // Who waits uses no processor, but its thread does other work meanwhile and would be counted with it.
            bool waits = stage.Stage is ClockedStage.ProducerWaits or ClockedStage.WorkerWaits or ClockedStage.TurnWaits;
            Print(stage.Stage.ToString(), stage.Calls, stage.Wall.TotalSeconds, waits ? null : stage.Processor.TotalSeconds, stage.Bytes);
            counted += waits || stage.Stage == ClockedStage.Spill ? 0 : stage.Processor.TotalSeconds;
        }

        Print("Sync", 1, times.Syncing.TotalSeconds, null, 0);
        Print("Commit", 1, times.Committing.TotalSeconds, null, 0);
        Print("Other", 0, null, processorSeconds - counted, 0);
        Print("Whole", 1, seconds, processorSeconds, 0);

        void Print(string name, long calls, double? wall, double? processor, long bytes) => Console.WriteLine(
            $"{name,-14}{calls,10:N0}{wall,10:N3}{processor,13:N3}{100 * processor / (seconds * threads),12:N1}{bytes / 1e6,11:N1}{(double)bytes / Math.Max(1, rows),11:N1}");
    }

    private static long WallNanoseconds() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    private static long ThreadNanoseconds()
    {
        const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux
        return OperatingSystem.IsLinux() && GetTime(ThreadCpuClock, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out TimeSpec time);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
