namespace Sleeper.Ingest.Core.Parquet.Pages;

/// <summary>Bytes of a page with its header: as if it were not compressed, and as it lies in the file.</summary>
internal readonly record struct PageSizes(long Uncompressed, int Written);
