using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Rows of several files, merged and written to disk because memory was short. Owns its file.</summary>
/// <param name="File">Where they are.</param>
/// <param name="Extents">Stretches of it, each sorted and behind the one before.</param>
internal sealed record SpilledRun(SpillFile File, IReadOnlyList<SpillExtent> Extents) : IDisposable
{
    /// <summary>The memory that reading it takes.</summary>
    public long MemoryBytes => Extents.Count == 0 ? 1 : Extents.Max(RunCursor.MemoryBytes);

    public long RowCount => Extents.Sum(extent => extent.RowCount);

    public void Dispose() => File.Dispose();
}
