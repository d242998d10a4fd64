using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>A box of the key space: one range for each row key, in schema order. Two regions are equal if their ranges are.</summary>
/// <param name="Ranges">One for each row key field, in schema order.</param>
public sealed record Region(IReadOnlyList<KeyRange> Ranges)
{
    /// <summary>The region of every key of a schema.</summary>
    /// <exception cref="ArgumentNullException">The schema is null.</exception>
    public static Region Everything(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new Region([.. schema.RowKeyFields.Select(f => new KeyRange(f.Name, KeyValueOrder.Minimum(f.Type), FieldValue.Null))]);
    }

    /// <summary>True if every value of a row key is inside its range, by the given order.</summary>
    internal bool Contains(IReadOnlyList<FieldValue> rowKey, KeyOrder order)
    {
        for (int i = 0; i < Ranges.Count; i++)
        {
            if (!Ranges[i].Contains(rowKey[i], order))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The region with another range for one row key.</summary>
    internal Region With(int dimension, FieldValue min, FieldValue max)
    {
        KeyRange[] ranges = [.. Ranges];
        ranges[dimension] = ranges[dimension] with { Min = min, Max = max };
        return new Region(ranges);
    }

    /// <inheritdoc/>
    public bool Equals(Region? other) => other is not null && Ranges.SequenceEqual(other.Ranges);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var range in Ranges)
        {
            hash.Add(range);
        }

        return hash.ToHashCode();
    }

    /// <summary>For example <c>[area from "" to "m", id from 0 to the end]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", Ranges)}]";
}
