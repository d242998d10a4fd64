namespace Sleeper.Ingest.Core.DataFiles;

/// <summary>A data file that was written.</summary>
/// <param name="LengthBytes">The Parquet object's size.</param>
/// <param name="RowCount">Its rows.</param>
internal readonly record struct WrittenDataFile(long LengthBytes, long RowCount);
