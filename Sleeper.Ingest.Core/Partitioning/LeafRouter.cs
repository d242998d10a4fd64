using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.Partitioning;

/// <summary>Finds the leaf of an encoded row: its position in <see cref="PartitionTree.Leaves"/>. Immutable, safe for many threads.</summary>
/// <remarks>
/// Most trees are split on the first row key only. Then the leaves are ranges of the key, their borders are encoded like keys, and a row's leaf
/// is the number of borders that are not above its key: a look-up in a table over the key's first two bytes, then a count by the first
/// eight bytes among the few borders left. Other trees are descended node by node, each node comparing one key field with one border.
/// In a live table a row's leaf is the one that Java's order gives, and a row that this leaf does not hold in the order of bytes has none (<see cref="LeafCheck"/>).
/// As long as all borders ascend in both orders, which leaf it is can be asked in either.
/// </remarks>
internal sealed unsafe class LeafRouter
{
    /// <summary>So many borders are counted at once.</summary>
    private const int Counted = 16;

    private readonly byte[][] _borders;

    // With so many more behind the last that any border may be the first of those that are counted.
    private readonly ulong[] _borderPrefixes;
    private readonly int[]? _firstByLeadingBytes;
    private readonly Node[]? _nodes;
    private readonly FieldTypeKind[] _rowKeyKinds;
    private readonly LeafCheck? _check;
    private readonly bool _descendsInOtherOrder;
    private readonly Schema _schema;
    private readonly PartitionTree _tree;
    private readonly KeyOrder _order;

    /// <summary>A router for keys encoded in an order.</summary>
    /// <param name="schema">Gives the row keys.</param>
    /// <param name="tree">The table's partitions.</param>
    /// <param name="order">The order that keys are encoded in. Rows of an own table are placed in it too.</param>
    /// <param name="isLive">True for a table of a deployed instance.</param>
    public LeafRouter(Schema schema, PartitionTree tree, KeyOrder order, bool isLive = false)
    {
        _schema = schema;
        _tree = tree;
        _order = order;
        _descendsInOtherOrder = isLive && order == KeyOrder.Bytes && !tree.IsInOrder(KeyOrder.Bytes);
        _check = isLive ? LeafCheck.For(schema, tree, order, inOtherOrder: !_descendsInOtherOrder) : null;
        LeafCount = tree.Leaves.Count;
        _rowKeyKinds = [.. schema.RowKeyFields.Select(f => f.Type.Kind)];
        IsOrderedByKey = tree.All.All(p => p.Dimension <= 0) && !_descendsInOtherOrder;
        if (IsOrderedByKey)
        {
            _borders = [.. tree.Leaves.Skip(1).Select(leaf => Encode(leaf.Region.Ranges[0].Min, order))];
            _borderPrefixes = [.. _borders.Select(Prefix), .. Enumerable.Repeat(ulong.MaxValue, Counted)];
            _firstByLeadingBytes = LeafCount > 1 ? BuildTable(_borderPrefixes.AsSpan(0, _borders.Length)) : null;
        }
        else
        {
            _borders = [];
            _borderPrefixes = [];
            _nodes = BuildNodes(tree, order);
        }
    }

    public int LeafCount { get; }

    /// <summary>True if the leaves are ranges of the key order, so that rows in key order are in leaf order too.</summary>
    public bool IsOrderedByKey { get; }

    /// <summary>True if there may be rows without a leaf.</summary>
    public bool CanRefuse => _check is not null;

    /// <summary>The leaf of a row, given its normalised key; <see cref="RowSpan.Refused"/> if it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Route(byte* key, int keyLength)
    {
        int leaf = Find(key, keyLength);
        return _check is null || _check.Accepts(key, leaf) ? leaf : RowSpan.Refused;
    }

    /// <summary>Why a row has no leaf.</summary>
    public RowFault ExplainRefusal(byte* key, int keyLength)
    {
        var rowKey = new FieldValue[_schema.RowKeyFields.Count];
        byte* field = key;
        for (int i = 0; i < rowKey.Length; i++)
        {
            rowKey[i] = KeyDecoder.DecodeFirst(field, _schema.RowKeyFields[i].Type, _order);
            field += LeafCheck.FieldLength(field, _rowKeyKinds[i]);
        }

        var leaf = _tree.LeafOf(rowKey, KeyOrder.Java);
        int outside = Enumerable.Range(0, rowKey.Length).First(i => !leaf.Region.Ranges[i].Contains(rowKey[i], KeyOrder.Bytes));
        return new RowFault(
            _schema.RowKeyFields[outside].Name,
            $"its value belongs to the leaf partition '{leaf.Id}' in Java's order ({(_rowKeyKinds[outside] == FieldTypeKind.String ? "UTF-16 units" : "signed bytes")}), by which the "
            + $"table is split, but in the order of unsigned bytes, by which its readers filter, the leaf's range [{leaf.Region.Ranges[outside]}] does not hold it: no query "
            + "would find the row, and the next compaction would lose it. Give it another key, or have the table split at other points",
            rowKey[outside]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(byte* key, int keyLength)
    {
        if (_firstByLeadingBytes is null)
        {
            return _nodes is null ? 0 : Descend(key);
        }

        return Search(key, keyLength);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Search(byte* key, int keyLength)
    {
        ulong prefix = RowFormat.KeyPrefix(key, keyLength, 0);
        ref int table = ref MemoryMarshal.GetArrayDataReference(_firstByLeadingBytes!);
        int leading = (int)(prefix >> 48);
        int low = Unsafe.Add(ref table, leading);
        int high = Unsafe.Add(ref table, leading + 1);

        // Borders below low begin with smaller bytes, borders from high on with larger ones; between them, count those that are <= key: first by prefix alone. Where
        // many begin alike, by halves, without a branch that depends on the key.
        ref ulong borders = ref MemoryMarshal.GetArrayDataReference(_borderPrefixes);
        int count = high - low;
        while (count > Counted)
        {
            int half = (count + 1) >>> 1;
            int isBelow = Unsafe.Add(ref borders, low + half - 1) < prefix ? 1 : 0;
            low += half & -isBelow;
            count -= half;
        }

        low += CountBelow(ref Unsafe.Add(ref borders, low), prefix);

        // Borders that begin like the key to the eighth byte: they are compared whole, by halves too, since all of them may begin alike.
        while (low < high && Unsafe.Add(ref borders, low) == prefix)
        {
            int middle = (low + high) >>> 1;
            if (Unsafe.Add(ref borders, middle) == prefix && IsNotAbove(_borders[middle], key, keyLength))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>How many of the next borders have a prefix below that of a key; those behind them that are looked at too are above it.</summary>
    /// <remarks>With 10,000 leaves 15 borders begin alike. No comparison waits for the one before, as in a search by halves: 10 ns less a row.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CountBelow(ref ulong borders, ulong prefix)
    {
        var wanted = Vector256.Create(prefix);
        var below = Vector256<ulong>.Zero;
        for (int i = 0; i < Counted; i += Vector256<ulong>.Count)
        {
            below -= Vector256.LessThan(Vector256.LoadUnsafe(ref borders, (nuint)i), wanted);
        }

        return (int)Vector256.Sum(below);
    }

    private static bool IsNotAbove(byte[] border, byte* key, int keyLength)
    {
        // A border holds one field, a key may go on with more. If they agree as far as the border goes, the field equals it.
        int length = Math.Min(border.Length, keyLength);
        int comparison = border.AsSpan(0, length).SequenceCompareTo(new ReadOnlySpan<byte>(key, length));
        return comparison < 0 || (comparison == 0 && border.Length <= keyLength);
    }

    private int Descend(byte* key)
    {
        int index = 0;
        while (true)
        {
            ref Node node = ref _nodes![index];
            if (node.Border is null)
            {
                return node.Leaf;
            }

            byte* field = FieldStart(key, node.Dimension);
            var value = new ReadOnlySpan<byte>(field, FieldLength(field, node.Dimension));
            int comparison = _descendsInOtherOrder && _rowKeyKinds[node.Dimension] is FieldTypeKind.String or FieldTypeKind.ByteArray
                ? KeyEncoder.CompareInOtherOrder(value, node.Border, _rowKeyKinds[node.Dimension] == FieldTypeKind.String)
                : value.SequenceCompareTo(node.Border);
            index = comparison < 0 ? node.Low : node.High;
        }
    }

    private byte* FieldStart(byte* key, int dimension)
    {
        for (int i = 0; i < dimension; i++)
        {
            key += FieldLength(key, i);
        }

        return key;
    }

    private int FieldLength(byte* field, int dimension) => LeafCheck.FieldLength(field, _rowKeyKinds[dimension]);

    private static int[] BuildTable(ReadOnlySpan<ulong> prefixes)
    {
        // table[x] = number of borders whose first two bytes are below x.
        var table = new int[65536 + 1];
        int border = 0;
        for (int leading = 0; leading < 65536; leading++)
        {
            while (border < prefixes.Length && (int)(prefixes[border] >> 48) < leading)
            {
                border++;
            }

            table[leading] = border;
        }

        table[65536] = prefixes.Length;
        return table;
    }

    private static Node[] BuildNodes(PartitionTree tree, KeyOrder order)
    {
        var nodes = new List<Node>();
        var leafPositions = tree.Leaves.Select((leaf, i) => (leaf.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
        Add(tree.Root);
        return [.. nodes];

        int Add(Partition partition)
        {
            int index = nodes.Count;
            nodes.Add(default);
            if (partition.IsLeaf)
            {
                nodes[index] = new Node { Leaf = leafPositions[partition.Id] };
                return index;
            }

            var low = tree[partition.ChildIds[0]];
            var high = tree[partition.ChildIds[1]];
            byte[] border = Encode(high.Region.Ranges[partition.Dimension].Min, order);
            int lowIndex = Add(low);
            int highIndex = Add(high);
            nodes[index] = new Node { Border = border, Dimension = partition.Dimension, Low = lowIndex, High = highIndex };
            return index;
        }
    }

    private static ulong Prefix(byte[] border)
    {
        fixed (byte* bytes = border)
        {
            return RowFormat.KeyPrefix(bytes, border.Length, 0);
        }
    }

    private static byte[] Encode(FieldValue value, KeyOrder order) => KeyEncoder.Encode(value, order);

    private struct Node
    {
        public byte[]? Border;
        public int Dimension;
        public int Low;
        public int High;
        public int Leaf;
    }
}
