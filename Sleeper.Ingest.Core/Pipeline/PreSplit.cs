using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.Sorting;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Chooses the split points of a new table from its first rows: quantiles of the first row key.</summary>
/// <remarks>
/// Rows are held back until there are a million, or they take half the memory, or the input ends. The rows are sorted, and the keys at equal
/// distances become split points; equal ones and the smallest of the rows' keys are left out, so few distinct keys give few leaves.
/// </remarks>
internal sealed class PreSplit(Schema schema, KeyOrder order, int leafCount, Func<IReadOnlyList<FieldValue>, CancellationToken, Task<PartitionTree>> createTree)
{
    private const long EnoughRows = 1_000_000;

    public int LeafCount => leafCount;

    /// <summary>The same, telling of the tree when it is there.</summary>
    public PreSplit Watch(Action<PartitionTree> onTree) =>
        new(schema, order, leafCount, async (points, cancellationToken) =>
        {
            var tree = await createTree(points, cancellationToken).ConfigureAwait(false);
            onTree(tree);
            return tree;
        });

    public static bool IsEnough(BucketSet held, MemoryPlan plan) =>
        held.RowCount >= EnoughRows || held.ByteCount + (held.RowCount * MemoryPlan.SortBytesPerRow) >= plan.BudgetBytes / 4;

    /// <summary>The tree for the rows held back. Another writer may have been first: then it is that one's tree.</summary>
    public Task<PartitionTree> DecideAsync(BucketSet held, MemoryBudget budget, CancellationToken cancellationToken)
    {
        held.SealAll();
        return createTree(ChoosePoints(held.Buckets[0], budget), cancellationToken);
    }

    private unsafe List<FieldValue> ChoosePoints(Bucket bucket, MemoryBudget budget)
    {
        int rows = checked((int)bucket.MemoryRows);
        nint entryBytes = (nint)rows * sizeof(RowEntry);
        budget.Reserve(2 * entryBytes);
        using var memory = new NativeBuffer(2 * entryBytes, budget);
        var entries = (RowEntry*)memory.Pointer;
        int count = 0;
        foreach (var slab in bucket.Slabs)
        {
            count += EntryBuilder.Build(slab.Buffer.Pointer, slab.UsedBytes, entries + count);
        }

        RowSorter.Sort(entries, entries + count, count);
        return count == 0 ? [] : Quantiles(entries, count);
    }

    private unsafe List<FieldValue> Quantiles(RowEntry* entries, int count)
    {
        var type = schema.RowKeyFields[0].Type;
        var points = new List<FieldValue>();
        FieldValue last = KeyOf(entries[0].Row, type);
        for (int i = 1; i < leafCount; i++)
        {
            FieldValue value = KeyOf(entries[(long)count * i / leafCount].Row, type);
            if (value != last)
            {
                points.Add(value);
                last = value;
            }
        }

        return points;
    }

    private unsafe FieldValue KeyOf(byte* row, FieldType type) => KeyDecoder.DecodeFirst(row + RowFormat.ReadHeader(row, out _, out _), type, order);
}
