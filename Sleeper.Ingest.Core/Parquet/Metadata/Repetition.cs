namespace Sleeper.Ingest.Core.Parquet.Metadata;

/// <summary>How often a schema node occurs in its parent, with the format's numbers.</summary>
internal enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}
