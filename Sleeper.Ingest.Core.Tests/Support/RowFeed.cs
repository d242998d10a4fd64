namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>The way in which the rows of an <see cref="IngestScenario"/> reach the writer.</summary>
internal enum RowFeed
{
    /// <summary>All in one call.</summary>
    Enumerable,

    /// <summary>One call a row.</summary>
    Singly,

    /// <summary>Calls of random sizes, synchronous and asynchronous ones and single rows mixed.</summary>
    Batches,

    /// <summary>One Parquet file with row groups of odd sizes.</summary>
    Parquet,
}
