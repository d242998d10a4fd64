using Sleeper.Ingest.Core.Rows;

namespace Sleeper.Ingest.Core;

/// <summary>Which rows of a table are wanted, by their row keys: those of one key, or those in a range of the first row key.</summary>
/// <remarks>
/// Order is by signed numbers and unsigned bytes (text by its UTF-8 bytes), as rows are sorted. Values are checked against the table's schema when
/// the read begins: each must be of the type of its row key; an int is taken for a long. Immutable.
/// </remarks>
public sealed record RowKeyRange
{
    private RowKeyRange(IReadOnlyList<FieldValue> rowKey, FieldValue min, FieldValue max)
    {
        RowKey = rowKey;
        Min = min;
        Max = max;
    }

    /// <summary>Every row.</summary>
    public static RowKeyRange Everything { get; } = new([], FieldValue.Null, FieldValue.Null);

    /// <summary>The values wanted in the first row keys, in schema order; empty for a range.</summary>
    public IReadOnlyList<FieldValue> RowKey { get; }

    /// <summary>The smallest value of the first row key that is wanted; null (<see cref="FieldValue.IsNull"/>) for no bound.</summary>
    public FieldValue Min { get; }

    /// <summary>The first value of the first row key that is not wanted any more; null (<see cref="FieldValue.IsNull"/>) for no bound.</summary>
    public FieldValue Max { get; }

    /// <summary>Rows with given values in all their row keys, or in the first of them.</summary>
    /// <param name="rowKey">One value for each row key in schema order; the last ones may be left out.</param>
    /// <exception cref="ArgumentException">No value is given.</exception>
    public static RowKeyRange Exactly(params ReadOnlySpan<FieldValue> rowKey)
    {
        if (rowKey.IsEmpty)
        {
            throw new ArgumentException($"No value is given. Give at least that of the first row key, or use {nameof(Everything)}.", nameof(rowKey));
        }

        return new RowKeyRange(rowKey.ToArray(), FieldValue.Null, FieldValue.Null);
    }

    /// <summary>Rows whose first row key is at least <paramref name="min"/> and below <paramref name="max"/>; none if that is no range.</summary>
    public static RowKeyRange Between(FieldValue min, FieldValue max) => new([], min, max);

    /// <summary>Rows whose first row key is at least <paramref name="min"/>.</summary>
    public static RowKeyRange From(FieldValue min) => new([], min, FieldValue.Null);

    /// <summary>Rows whose first row key is below <paramref name="max"/>.</summary>
    public static RowKeyRange Below(FieldValue max) => new([], FieldValue.Null, max);

    /// <inheritdoc/>
    public bool Equals(RowKeyRange? other) => other is not null && Min == other.Min && Max == other.Max && RowKey.SequenceEqual(other.RowKey);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Min, Max, RowKey.Count, RowKey.Count > 0 ? RowKey[0] : FieldValue.Null);

    /// <summary>For people, for example <c>from 5 to 10</c> or <c>["SEA", 1]</c>.</summary>
    public override string ToString() =>
        RowKey.Count > 0 ? $"[{string.Join(", ", RowKey)}]"
        : $"from {(Min.IsNull ? "the start" : Min.ToString())} to {(Max.IsNull ? "the end" : Max.ToString())}";
}
