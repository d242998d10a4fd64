namespace Sleeper.Ingest.Core.Diagnostics;

/// <summary>Adds up what each stage of an ingest takes, for a profile. Nobody has one unless asked for: then a stage costs one look at a null for each batch.</summary>
/// <remarks>Thread-safe. Where its times come from is for its maker to say: the library reads no clock of the system.</remarks>
/// <param name="wallNanoseconds">Time on the wall.</param>
/// <param name="threadNanoseconds">Processor time of the thread that asks.</param>
internal sealed class StageClock(Func<long> wallNanoseconds, Func<long> threadNanoseconds)
{
    private readonly long[] _calls = new long[Enum.GetValues<ClockedStage>().Length];
    private readonly long[] _wall = new long[Enum.GetValues<ClockedStage>().Length];
    private readonly long[] _processor = new long[Enum.GetValues<ClockedStage>().Length];
    private readonly long[] _bytes = new long[Enum.GetValues<ClockedStage>().Length];

    /// <summary>All stages, in the order of a row's journey.</summary>
    public IReadOnlyList<StageFigures> Figures =>
    [
        .. Enum.GetValues<ClockedStage>().Select(stage => new StageFigures(
            stage, Interlocked.Read(ref _calls[(int)stage]), TimeSpan.FromTicks(Interlocked.Read(ref _wall[(int)stage]) / 100),
            TimeSpan.FromTicks(Interlocked.Read(ref _processor[(int)stage]) / 100), Interlocked.Read(ref _bytes[(int)stage]))),
    ];

    public StageStart Begin() => new(wallNanoseconds(), threadNanoseconds(), Environment.CurrentManagedThreadId);

    public void End(ClockedStage stage, StageStart start, long bytes = 0)
    {
        Interlocked.Increment(ref _calls[(int)stage]);
        Interlocked.Add(ref _wall[(int)stage], wallNanoseconds() - start.WallNanoseconds);
        Interlocked.Add(ref _bytes[(int)stage], bytes);
        if (start.ThreadId == Environment.CurrentManagedThreadId)
        {
            Interlocked.Add(ref _processor[(int)stage], threadNanoseconds() - start.ThreadNanoseconds);
        }
    }
}
