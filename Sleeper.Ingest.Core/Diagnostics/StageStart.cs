namespace Sleeper.Ingest.Core.Diagnostics;

/// <summary>When a stage began, on the wall and on the thread that does it.</summary>
internal readonly record struct StageStart(long WallNanoseconds, long ThreadNanoseconds, int ThreadId);
