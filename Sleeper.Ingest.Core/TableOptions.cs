using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core;

/// <summary>What is done with the rows of a new table, at every ingest and every read: it is kept with the table. Immutable.</summary>
public sealed record TableOptions
{
    /// <summary>Which rows are dropped; see <see cref="IngestOptions.Filters"/>. Default: null, none.</summary>
    public string? Filters { get; init; }

    /// <summary>How rows with equal keys become one; see <see cref="IngestOptions.Aggregations"/>. Default: null, they stay.</summary>
    public string? Aggregations { get; init; }

    /// <summary>The Java class of a further iterator; see <see cref="IngestOptions.IteratorClassName"/>. Default: null, none.</summary>
    public string? IteratorClassName { get; init; }

    /// <summary>What that iterator is told; see <see cref="IngestOptions.IteratorConfig"/>. Default: null.</summary>
    public string? IteratorConfig { get; init; }

    internal TableIteratorProperties Iterators => new(Filters, Aggregations, IteratorClassName, IteratorConfig);
}
