using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Merging;

/// <summary>Where merging keeps runs between passes: on the spill disk, or in memory in tests.</summary>
/// <typeparam name="TRun">What tells where a run is.</typeparam>
internal interface IRunStore<TRun>
{
    /// <summary>A cursor before the first row of a run; the caller disposes it.</summary>
    IRowCursor Open(TRun run);

    /// <summary>Writes all that is left in <paramref name="rows"/> as a new run. If this fails, nothing is left of it.</summary>
    TRun Write(IRowCursor rows);

    /// <summary>Gives up a run that was merged into another.</summary>
    void Delete(TRun run);
}
