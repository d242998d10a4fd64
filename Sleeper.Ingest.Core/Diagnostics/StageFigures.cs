namespace Sleeper.Ingest.Core.Diagnostics;

/// <summary>What a stage took so far, of all threads together.</summary>
/// <param name="Stage">Which.</param>
/// <param name="Calls">How often it was gone through: batches, pieces, buckets, never rows.</param>
/// <param name="Wall">Time on the wall.</param>
/// <param name="Processor">Time of processors, as far as a call ended on the thread that it began on.</param>
/// <param name="Bytes">Bytes that went through.</param>
internal sealed record StageFigures(ClockedStage Stage, long Calls, TimeSpan Wall, TimeSpan Processor, long Bytes);
