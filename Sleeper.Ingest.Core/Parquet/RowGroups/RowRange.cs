namespace Sleeper.Ingest.Core.Parquet.RowGroups;

/// <summary>Rows of a row group that lie behind one another, counted from its first.</summary>
/// <param name="First">The first row.</param>
/// <param name="End">The row behind the last.</param>
internal readonly record struct RowRange(long First, long End)
{
    public bool IsEmpty => First >= End;
}
