namespace Sleeper.Ingest.Core.Transforming;

/// <summary>How two values of a field become one.</summary>
internal enum AggregationOperation
{
    /// <summary>Numbers are added up, with wrap-around; text and bytes are put one behind the other.</summary>
    Sum,

    /// <summary>The smaller one: text by UTF-16 code units, bytes unsigned.</summary>
    Min,

    /// <summary>The larger one, likewise.</summary>
    Max,
}
