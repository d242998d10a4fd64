using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A table as a worker needs it.</summary>
public sealed record JobTable
{
    /// <summary>Its internal id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its fields.</summary>
    public required Schema Schema { get; init; }

    /// <summary>Points an ingest at it. What it sets is the table's place and name, not how the ingest works.</summary>
    public required Func<IngestFactory, IngestFactory> Open { get; init; }
}
