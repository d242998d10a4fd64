using System.Numerics;
using Sleeper.Ingest.Core.Spilling;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>How one budget of bytes is shared out before the first row comes. A decision, no memory is taken.</summary>
/// <remarks>
/// <code>
/// budget = one batch of rows written singly
///        + workers × (batches being encoded + input being decoded or a row group being written)    set aside here
///        + slabs of the buckets, entries for sorting, blocks of spill files                        taken as needed
/// </code>
/// Slabs take what is left. So that sorting can always begin, the largest bucket's entries (<see cref="SortBytesPerRow"/> a row) are kept free
/// while rows come in; when that no longer holds, buckets are spilled.
/// </remarks>
internal sealed record MemoryPlan
{
    /// <summary>Two entries of 16 bytes a row: the sorted ones and the sorter's scratch.</summary>
    public const int SortBytesPerRow = 32;

    /// <summary>The smallest budget that is accepted.</summary>
    public const long MinimumBudgetBytes = 16L << 20;

    /// <summary>More buckets would make each one's slabs and spill extents too small; with 256 one bucket is 0.4 % of the rows.</summary>
    private const int MaxBuckets = 256;

    private const int MaxBatchBytes = 512 * 1024;
    private const int MinBatchBytes = 64 * 1024;

    /// <summary>64 MiB of encoded rows: a row group of another writer, 122,880 rows of 500 bytes, fits, so that its worker need not wait for the one before.</summary>
    private const int MaxBatches = 128;

    /// <summary>From here on a sixteenth is spent on that; below it, rows that are long for the budget need the memory more.</summary>
    private const long LargeBudgetBytes = 256L << 20;

    private const int MaxSlabBytes = 256 * 1024;
    private const int MinSlabBytes = 4 * 1024;

    public required long BudgetBytes { get; init; }

    public required int Workers { get; init; }

    /// <summary>Bytes that are taken before the first row: batches, encoders, and the buffer of spill files.</summary>
    public required long SetAsideBytes { get; init; }

    public required int BucketCount { get; init; }

    public required int SlabBytes { get; init; }

    /// <summary>Bytes at which one batch of encoded rows is full.</summary>
    public required int BatchBytes { get; init; }

    /// <summary>Batches that one worker may fill while it is not its turn yet.</summary>
    public required int BatchesPerWorker { get; init; }

    /// <summary>Set aside for each worker's column vectors, pages and the file being written.</summary>
    public required long EncoderBytesPerWorker { get; init; }

    /// <summary>
    /// Bytes of an input file that one worker may hold as they are stored, to read ahead: not set aside but taken from what the slabs use. A
    /// quarter of the budget for all workers.
    /// </summary>
    public required long InputBytesPerWorker { get; init; }

    /// <summary>
    /// Bytes that the input of one piece may take, pages and dictionaries included, while it is not its turn. Whoever has the turn finds at least as
    /// much, since the other workers hold no more than this, and something is left for two.
    /// </summary>
    public required long InputLimitBytes { get; init; }

    /// <summary>What input must leave free, for rows to be put into buckets at all.</summary>
    public required long BucketBytesToLeave { get; init; }

    /// <summary>The most bytes of a bucket, entries for sorting included, that are spilled unsorted and loaded in one go.</summary>
    public required long LoadLimitBytes { get; init; }

    /// <summary>Row bytes of a block of a sorted run on disk; merging holds one for each run.</summary>
    public required int RunBlockBytes { get; init; }

    /// <summary>The longest row.</summary>
    public required int MaxRowBytes { get; init; }

    public static MemoryPlan Make(long budgetBytes, int workers, int leafCount, bool oneBucket, int maxRowBytes)
    {
        int batchBytes = (int)Math.Clamp(RoundDown(budgetBytes / 128 / workers), MinBatchBytes, MaxBatchBytes);
        int batches = (int)Math.Clamp(budgetBytes / (budgetBytes < LargeBudgetBytes ? 32 : 16) / workers / batchBytes, 2, MaxBatches);
        long encoder = Math.Clamp(budgetBytes / 16 / workers, 1L << 20, 16L << 20);
        int runBlock = budgetBytes >= 256L << 20 ? 128 * 1024 : 64 * 1024;
        long setAside = batchBytes + SpillWriter.BufferBytes(runBlock) + (workers * (((long)batchBytes * batches) + encoder));
        long left = budgetBytes - setAside;
        int buckets = oneBucket ? 1 : Math.Min(leafCount, MaxBuckets);
        int slab = (int)Math.Clamp(RoundDown(Math.Max(0, left) / (8L * buckets)), MinSlabBytes, MaxSlabBytes);
        long minimum = Math.Max(MinimumBudgetBytes, setAside + (4L * buckets * slab));
        if (budgetBytes < minimum)
        {
            throw new ArgumentException(
                $"The memory budget of {budgetBytes:N0} bytes is too small: {workers} workers with {leafCount:N0} leaves need at least {minimum:N0} bytes "
                + $"({setAside:N0} for batches and encoders, the rest for buckets). Raise WithMemoryBudget or lower WithDegreeOfParallelism.");
        }

        return new MemoryPlan
        {
            BudgetBytes = budgetBytes,
            Workers = workers,
            SetAsideBytes = setAside,
            BucketCount = buckets,
            SlabBytes = slab,
            BatchBytes = batchBytes,
            BatchesPerWorker = batches,
            EncoderBytesPerWorker = encoder,
            InputBytesPerWorker = budgetBytes / 4 / workers,
            BucketBytesToLeave = Math.Min(budgetBytes / 16, 16 * MaxSlabBytes),
            InputLimitBytes = left / (workers + 1),
            RunBlockBytes = runBlock,
            LoadLimitBytes = left / (2L * Math.Min(workers, buckets)),
            MaxRowBytes = (int)Math.Min(maxRowBytes, budgetBytes / 8),
        };
    }

    private static long RoundDown(long value) => value <= 0 ? 0 : 1L << BitOperations.Log2((ulong)value);
}
