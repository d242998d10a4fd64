using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Reading;

/// <summary>Which rows are wanted, as ranges of normalised keys that are in order and apart from one another. Immutable.</summary>
internal sealed class KeyFilter
{
    private KeyFilter(IReadOnlyList<KeySegment> segments, bool isEverything)
    {
        Segments = segments;
        IsEverything = isEverything;
    }

    /// <summary>Every row.</summary>
    public static KeyFilter Everything { get; } = new([new KeySegment([], null, [], [], [])], true);

    /// <summary>Ascending, each above the one before; none where no row is wanted.</summary>
    public IReadOnlyList<KeySegment> Segments { get; }

    public bool IsEverything { get; }

    /// <summary>Rows with given values in their first row keys.</summary>
    /// <exception cref="ArgumentException">There are none or more values than row keys, or a value is not of its field's type.</exception>
    public static KeyFilter Exactly(Schema schema, KeyOrder order, IReadOnlyList<FieldValue> rowKey) => Any(schema, order, [rowKey], []);

    /// <summary>Rows whose first row key is at least <paramref name="min"/> and below <paramref name="max"/>; null for no bound. None if that is no range.</summary>
    /// <exception cref="ArgumentException">A bound is not of the first row key's type.</exception>
    public static KeyFilter Between(Schema schema, KeyOrder order, FieldValue min, FieldValue max)
    {
        var box = new WantedBox(schema, order);
        box.Bound(0, new FieldRange(schema.RowKeyFields[0].Name) { Min = min, Max = max });
        return Unite([box.Make()]);
    }

    /// <summary>Rows that have one of some row keys, or are in one of some boxes.</summary>
    /// <param name="schema">The table's fields.</param>
    /// <param name="order">How the table's rows are sorted.</param>
    /// <param name="rowKeys">Each the values of all row keys or of the first of them.</param>
    /// <param name="boxes">Each some ranges that a row has to be in all at once.</param>
    /// <exception cref="ArgumentException">A value is not of its row key's type; there are too many; a field is no row key; a minimum is above its maximum.</exception>
    public static KeyFilter Any(
        Schema schema, KeyOrder order, IReadOnlyList<IReadOnlyList<FieldValue>> rowKeys, IReadOnlyList<IReadOnlyList<FieldRange>> boxes)
    {
        var wanted = new List<KeySegment>(rowKeys.Count + boxes.Count);
        foreach (var rowKey in rowKeys)
        {
            var box = new WantedBox(schema, order);
            box.Fix(rowKey);
            wanted.Add(box.Make() with { RowKey = rowKey });
        }

        foreach (var ranges in boxes)
        {
            var box = new WantedBox(schema, order);
            box.Bound(ranges);
            wanted.Add(box.Make());
        }

        return Unite(wanted);
    }

    /// <summary>Sorts, and makes one of those that overlap.</summary>
    private static KeyFilter Unite(List<KeySegment> wanted)
    {
        var united = new List<KeySegment>(wanted.Count);
        var group = new List<KeySegment>();
        byte[]? upper = null;
        foreach (var segment in wanted.Where(s => !s.Regions[0].IsEmpty).OrderBy(s => s.Lower, Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))))
        {
            if (group.Count > 0 && upper is not null && segment.Lower.AsSpan().SequenceCompareTo(upper) >= 0)
            {
                united.Add(Merge(group, upper));
                group.Clear();
            }

            upper = group.Count == 0 || IsAbove(segment.Upper, upper) ? segment.Upper : upper;
            group.Add(segment);
        }

        if (group.Count > 0)
        {
            united.Add(Merge(group, upper));
        }

        return new KeyFilter(united, false);
    }

    private static bool IsAbove(byte[]? left, byte[]? right) => right is not null && (left is null || left.AsSpan().SequenceCompareTo(right) > 0);

    private static KeySegment Merge(List<KeySegment> group, byte[]? upper)
    {
        byte[] lower = group[0].Lower;
        var whole = group.Find(s => s.Boxes.Count == 0 && s.Lower.AsSpan().SequenceEqual(lower) && !IsAbove(upper, s.Upper));
        if (whole is not null || group.Count == 1)
        {
            return whole ?? group[0];
        }

        KeyBox[] boxes = [.. group.SelectMany(s => s.Regions)];
        return new KeySegment(lower, upper, boxes, boxes, []);
    }
}
