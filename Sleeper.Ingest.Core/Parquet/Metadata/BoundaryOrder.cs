namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>Order of the minima and maxima of a column index, with the format's numbers.</summary>
internal enum BoundaryOrder
{
    Unordered = 0,
    Ascending = 1,
    Descending = 2,
}
