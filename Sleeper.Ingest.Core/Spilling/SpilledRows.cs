using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Rows of a bucket that were loaded from disk, one behind the other. Owns their memory.</summary>
internal sealed unsafe class SpilledRows(IReadOnlyList<SpillExtent> extents, NativeBuffer buffer, nint length, int rowCount) : IDisposable
{
    public byte* Rows => buffer.Pointer;

    public nint Length { get; } = length;

    public int RowCount { get; } = rowCount;

    /// <summary>Makes the entries of all rows, in order, and checks that they are whole rows and as many as were written.</summary>
    /// <param name="destination">Room for <see cref="RowCount"/> entries.</param>
    /// <exception cref="SpillCorruptException">The rows do not add up.</exception>
    public void BuildEntries(RowEntry* destination)
    {
        if (!EntryBuilder.TryBuild(Rows, Length, destination, RowCount, out nint faultOffset))
        {
            SpillExtent extent = extents[0];
            throw SpillErrors.Corrupt(
                extent.File.Path,
                extent.FirstBlock,
                extent.Offset,
                $"the {Length:N0} bytes of {extent.Kind} {extent.Owner} in {extents.Count} extents from there on are not {RowCount:N0} whole rows; the first that does not fit is at byte {faultOffset:N0} of them");
        }
    }

    public void Dispose() => buffer.Dispose();
}
