namespace Sleeper.Ingest.Core.Spilling;

/// <summary>Whole rows one behind the other, in memory of the caller.</summary>
internal readonly unsafe struct RowSlab(byte* rows, int length, int rowCount)
{
    public byte* Rows { get; } = rows;

    public int Length { get; } = length;

    public int RowCount { get; } = rowCount;
}
