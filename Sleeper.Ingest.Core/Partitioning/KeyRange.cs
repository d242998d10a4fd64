using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>Values of one row key from a minimum, included, to a maximum, excluded.</summary>
/// <param name="FieldName">The row key.</param>
/// <param name="Min">The smallest value inside.</param>
/// <param name="Max">The first value outside; null (<see cref="FieldValue.IsNull"/>) for no bound.</param>
public sealed record KeyRange(string FieldName, FieldValue Min, FieldValue Max)
{
    /// <summary>True if a value is inside, by the given order.</summary>
    internal bool Contains(FieldValue value, KeyOrder order) =>
        KeyValueOrder.Compare(Min, value, order) <= 0 && (Max.IsNull || KeyValueOrder.Compare(value, Max, order) < 0);

    /// <summary>For example <c>area from "m" to "t"</c>.</summary>
    public override string ToString() => $"{FieldName} from {Min} to {(Max.IsNull ? "the end" : Max.ToString())}";
}
