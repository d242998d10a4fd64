namespace Sleeper.Ingest.Core.Transforming;

/// <summary>Rows with equal row keys and sort keys become one: an operation for each value field, in schema order.</summary>
internal sealed record Aggregation(IReadOnlyList<AggregationOperation> Operations)
{
    public bool Equals(Aggregation? other) => other is not null && Operations.SequenceEqual(other.Operations);

    public override int GetHashCode() => Operations.Count;
}
