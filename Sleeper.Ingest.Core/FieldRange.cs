using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core;

/// <summary>A range of values of one row key, for <see cref="TableQuery.WithRange"/>. With the defaults it holds every value. Immutable.</summary>
/// <param name="FieldName">The row key; any of the table's.</param>
/// <remarks>
/// Order is by signed numbers and unsigned bytes (text by its UTF-8 bytes). Values are checked against the table's schema when the read begins; an int is taken
/// for a long.
/// </remarks>
/// <example><code>new FieldRange("date") { Min = 20200101, Max = 20201231, IncludeMax = true }</code></example>
public sealed record FieldRange(string FieldName)
{
    /// <summary>Where the range begins. Default: null (<see cref="FieldValue.IsNull"/>), for no bound.</summary>
    public FieldValue Min { get; init; }

    /// <summary>Where the range ends. Default: null (<see cref="FieldValue.IsNull"/>), for no bound.</summary>
    public FieldValue Max { get; init; }

    /// <summary>True if <see cref="Min"/> itself is outside. Default: false.</summary>
    public bool ExcludeMin { get; init; }

    /// <summary>True if <see cref="Max"/> itself is inside. Default: false.</summary>
    public bool IncludeMax { get; init; }

    /// <summary>One value.</summary>
    public static FieldRange Exactly(string fieldName, FieldValue value) => new(fieldName) { Min = value, Max = value, IncludeMax = true };

    /// <summary>For people, for example <c>date from 5 to below 10</c>.</summary>
    public override string ToString() =>
        $"{FieldName} from {(Min.IsNull ? "the start" : (ExcludeMin ? "above " : "") + Min)} to {(Max.IsNull ? "the end" : (IncludeMax ? "" : "below ") + Max)}";
}
