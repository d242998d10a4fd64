using Sleeper.Ingest.Core.Parquet.RowGroups;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>What is read of a row group.</summary>
/// <param name="RowGroup">The row group; -1 before the first.</param>
/// <param name="Index">Where its pages lie; null if it is read whole.</param>
/// <param name="Runs">Rows that are read, in order and apart from one another.</param>
internal sealed record RowGroupPart(int RowGroup, PageIndex? Index, IReadOnlyList<RowRange> Runs)
{
    public static readonly RowGroupPart None = new(-1, null, []);
}
