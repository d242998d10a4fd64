namespace Sleeper.Ingest.Core.Reading;

/// <summary>Where the rows of a file reference go on after it was closed in the middle.</summary>
/// <param name="RowGroup">The row group of the next row; -1 before the first.</param>
/// <param name="Row">The next row, counted from the row group's first.</param>
/// <param name="RowsGiven">Wanted rows before it.</param>
internal sealed record FilePosition(int RowGroup, long Row, long RowsGiven)
{
    public static readonly FilePosition Start = new(-1, 0, 0);
}
