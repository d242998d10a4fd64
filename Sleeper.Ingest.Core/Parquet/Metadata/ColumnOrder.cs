namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>How minima and maxima of a column are ordered; the value is the field number of the format's union, 0 an order that is not known.</summary>
internal enum ColumnOrder
{
    Unknown = 0,
    TypeDefined = 1,
}
