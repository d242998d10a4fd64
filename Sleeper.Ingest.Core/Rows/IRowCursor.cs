namespace Sleeper.Ingest.Core.Rows;

/// <summary>A forward-only way through rows in key order, a stretch at a time: where sorting, spilling and merging meet.</summary>
/// <remarks>One caller at a time. Disposing frees the memory and files it owns.</remarks>
internal unsafe interface IRowCursor : IDisposable
{
    /// <summary>
    /// Moves to the next stretch of entries, at least one, in key order, equal keys in order of arrival, all of them after those of the last
    /// stretch. False at the end. The rows of the last stretch may be overwritten by this call.
    /// </summary>
    /// <exception cref="IngestException">The rows are stored on disk and are damaged or unreadable.</exception>
    bool MoveNext(out RowEntry* entries, out int count);
}
