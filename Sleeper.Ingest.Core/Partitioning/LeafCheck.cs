using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>
/// Whether the leaf that a row was routed to in one order holds it in the other order too. The Java system splits partitions and places rows in its own order,
/// but every reader filters a leaf's files in that of bytes: a row on which the two disagree is found by nobody, and lost when its leaf is compacted.
/// </summary>
/// <remarks>
/// Knows the bounds of row keys of text and bytes that some leaf is bounded in; there the orders can differ. Text without a byte of EE or above (no character from
/// U+E000 on) has one place in both orders, so most rows cost one look for such a byte. Immutable, safe for many threads.
/// </remarks>
internal sealed unsafe class LeafCheck
{
    private const byte FirstUnequalLead = 0xEE;

    private readonly FieldTypeKind[] _rowKeyKinds;
    private readonly bool _inOtherOrder;
    private readonly int[] _dimensions;

    /// <summary>By leaf, then by dimension that is checked.</summary>
    private readonly Bounds[][] _leaves;

    private LeafCheck(FieldTypeKind[] rowKeyKinds, bool inOtherOrder, int[] dimensions, Bounds[][] leaves)
    {
        _rowKeyKinds = rowKeyKinds;
        _inOtherOrder = inOtherOrder;
        _dimensions = dimensions;
        _leaves = leaves;
    }

    /// <summary>The check for a tree; null where it cannot fail: one leaf, or leaves bounded by numbers only.</summary>
    /// <param name="schema">Gives the row keys.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="order">The order that keys are encoded in.</param>
    /// <param name="inOtherOrder">True to look in the other order than keys are encoded in.</param>
    public static LeafCheck? For(Schema schema, PartitionTree tree, KeyOrder order, bool inOtherOrder)
    {
        FieldTypeKind[] kinds = [.. schema.RowKeyFields.Select(f => f.Type.Kind)];
        int[] dimensions =
        [
            .. Enumerable.Range(0, kinds.Length).Where(
                d => kinds[d] is FieldTypeKind.String or FieldTypeKind.ByteArray && tree.All.Any(p => p.Dimension == d)),
        ];
        return dimensions.Length == 0
            ? null
            : new LeafCheck(kinds, inOtherOrder, dimensions, [.. tree.Leaves.Select(leaf => dimensions.Select(d => BoundsOf(leaf.Region.Ranges[d], order)).ToArray())]);
    }

    /// <summary>True if the leaf holds the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Accepts(byte* key, int leaf) => FirstOutside(key, leaf) < 0;

    /// <summary>The first row key whose value is outside of the leaf; -1 if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int FirstOutside(byte* key, int leaf)
    {
        int dimension = 0;
        for (int i = 0; i < _dimensions.Length; i++)
        {
            for (; dimension < _dimensions[i]; dimension++)
            {
                key += FieldLength(key, _rowKeyKinds[dimension]);
            }

            bool isText = _rowKeyKinds[dimension] == FieldTypeKind.String;
            var value = new ReadOnlySpan<byte>(key, KeyEncoder.EncodedLength(key));
            if (isText && _inOtherOrder && !value.ContainsAnyInRange(FirstUnequalLead, byte.MaxValue))
            {
                continue;
            }

            ref readonly Bounds bounds = ref _leaves[leaf][i];
            if (Compare(bounds.Min, value, isText) > 0 || (bounds.Max is { } max && Compare(value, max, isText) >= 0))
            {
                return dimension;
            }
        }

        return -1;
    }

    /// <summary>Bytes of a field's value as it lies in a key.</summary>
    public static int FieldLength(byte* field, FieldTypeKind kind) => kind switch
    {
        FieldTypeKind.Int => KeyEncoder.IntBytes,
        FieldTypeKind.Long => KeyEncoder.LongBytes,
        _ => KeyEncoder.EncodedLength(field),
    };

    private int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool isText) =>
        _inOtherOrder ? KeyEncoder.CompareInOtherOrder(left, right, isText) : left.SequenceCompareTo(right);

    private static Bounds BoundsOf(KeyRange range, KeyOrder order) =>
        new(KeyEncoder.Encode(range.Min, order), range.Max.IsNull ? null : KeyEncoder.Encode(range.Max, order));

    private readonly record struct Bounds(byte[] Min, byte[]? Max);
}
