namespace Sleeper.Ingest.Core;

/// <summary>What the footer of a Parquet file says about ingesting it.</summary>
/// <param name="Path">The file.</param>
/// <param name="RowCount">Its rows; 0 if the footer cannot be read.</param>
/// <param name="LengthBytes">Its size; 0 if it is not there.</param>
/// <param name="Problems">All reasons why it cannot be ingested; empty if it can.</param>
/// <param name="UnusedColumns">Its columns that no field takes; an ingest passes them over.</param>
public sealed record ParquetFileCheck(
    string Path, long RowCount, long LengthBytes, IReadOnlyList<string> Problems, IReadOnlyList<string> UnusedColumns)
{
    /// <summary>True if nothing in the footer speaks against it.</summary>
    public bool Fits => Problems.Count == 0;
}
