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

    private static KeyFilter Unite(IEnumerable<KeySegment> wanted)
    {
        var united = new List<KeySegment>();
        foreach (var group in GroupOverlapping(wanted.Where(s => !s.Regions[0].IsEmpty)))
        {
            KeySegment[] plain = [.. group.Where(s => s.Boxes.Count == 0)];
            KeyBox[] boxes = [.. group.SelectMany(s => s.Boxes)];
            var parts = GroupOverlapping(plain).Select(part => Span(part, [])).ToList();
            var whole = Span(group, boxes);
            united.Add(parts.Count == 1 && IsSame(parts[0], whole) ? parts[0] : whole with { Parts = new SegmentList(parts) });
        }

        return new KeyFilter(united, false);
    }

    /// <summary>Sorted, those together that overlap; ends that only touch do not.</summary>
    private static List<List<KeySegment>> GroupOverlapping(IEnumerable<KeySegment> segments)
    {
        var groups = new List<List<KeySegment>>();
        byte[]? upper = null;
        foreach (var segment in segments.OrderBy(s => s.Lower, Comparer<byte[]>.Create((l, r) => l.AsSpan().SequenceCompareTo(r))))
        {
            if (groups.Count == 0 || (upper is not null && segment.Lower.AsSpan().SequenceCompareTo(upper) >= 0))
            {
                groups.Add([]);
                upper = segment.Upper;
            }

            upper = Greater(segment.Upper, upper);
            groups[^1].Add(segment);
        }

        return groups;
    }

    /// <summary>From the start of a group to its end. It has a row key only if one of the group, which then holds the others, reaches so far.</summary>
    private static KeySegment Span(List<KeySegment> group, IReadOnlyList<KeyBox> boxes)
    {
        byte[]? upper = group.Select(s => s.Upper).Aggregate(Greater);
        var span = new KeySegment(group[0].Lower, upper, boxes, [.. group.SelectMany(s => s.Regions)], []);
        return group.Find(s => s.Boxes.Count == 0 && IsSame(s, span)) ?? span;
    }

    private static bool IsSame(KeySegment left, KeySegment right) =>
        left.Lower.AsSpan().SequenceEqual(right.Lower) && (left.Upper is null ? right.Upper is null : right.Upper is not null && left.Upper.AsSpan().SequenceEqual(right.Upper));

    private static byte[]? Greater(byte[]? left, byte[]? right) =>
        left is null || right is null ? null : left.AsSpan().SequenceCompareTo(right) >= 0 ? left : right;
}
