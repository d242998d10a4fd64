using Sleeper.Ingest.Core.Bucketing;
using Sleeper.Ingest.Core.Buffers;
using Sleeper.Ingest.Core.DataFiles;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.Transforming;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>Where the objects of an ingest go.</summary>
/// <param name="Store">The store.</param>
/// <param name="Name">The name of a data file in the table's state, given its partition's id and its number within the ingest.</param>
/// <param name="PathOf">The path in the store of a name.</param>
/// <param name="Announce">Told of each path before an object is made there, from any thread.</param>
internal sealed record FilePlaces(IObjectStore Store, Func<string, int, string> Name, Func<string, string> PathOf, Action<string> Announce);

/// <summary>The second half of a pipeline: buckets become data files.</summary>
/// <remarks>
/// A bucket's rows come in the order of its leaves, and the rows of each leaf were counted, so a leaf's file is simply the next so many rows.
/// Workers take buckets one after the other. A file that all leaves share is made of the buckets in their order. Where the table asks for filters or
/// aggregations, rows pass a <see cref="RowTransform"/> on the way, and a file has as many as come out of it; none, no file.
/// </remarks>
internal sealed class FileWriting(
    PipelineOptions options, BucketReader reader, int readers, BucketSet buckets, PartitionTree tree, LeafRouter router, FilePlaces places, ProgressMeter meter)
{
    /// <summary>Each encoder more holds the columns of two row groups, 8 MiB of rows each by default.</summary>
    private const long BudgetForManyEncoders = 256L << 20;

    private int _nextBucket = -1;

    public async Task<IReadOnlyList<DataFile>> RunAsync(CancellationToken cancellationToken)
    {
        if (options.SharedFile)
        {
            return await WriteSharedFileAsync(cancellationToken).ConfigureAwait(false) is { } file ? [file] : [];
        }

        var files = new DataFile?[tree.Leaves.Count];
        await WorkerPool.RunAsync(
            readers, token => WriteBucketsAsync(files, token), cancellationToken).ConfigureAwait(false);
        return [.. files.OfType<DataFile>()];
    }

    private async Task WriteBucketsAsync(DataFile?[] files, CancellationToken cancellationToken)
    {
        using var writer = NewWriter();
        using var transform = NewTransform();
        int index;
        while ((index = Interlocked.Increment(ref _nextBucket)) < buckets.Buckets.Count)
        {
            var bucket = buckets.Buckets[index];
            using var rows = reader.Open(bucket);
            for (int leaf = bucket.FirstLeaf; leaf < bucket.FirstLeaf + bucket.LeafCount; leaf++)
            {
                if (buckets.RowsOfLeaf[leaf] > 0)
                {
                    files[leaf] = await WriteLeafAsync(writer, transform, rows, leaf, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<DataFile?> WriteLeafAsync(DataFileWriter writer, RowTransform? transform, SortedRows rows, int leaf, CancellationToken cancellationToken)
    {
        string partitionId = tree.Leaves[leaf].Id;
        long rowCount = buckets.RowsOfLeaf[leaf];
        string name = places.Name(partitionId, leaf);
        if (transform is null)
        {
            return ToDataFile(await WriteFileAsync(writer, rows, rowCount, partitionId, name, cancellationToken).ConfigureAwait(false));
        }

        using var ofLeaf = new LeafRows(rows, rowCount);
        transform.Begin(ofLeaf);
        using var transformed = new SortedRows(transform, ownsCursor: false);
        return RowPieces.AreLeft(transformed, null)
            ? ToDataFile(await WriteFileAsync(writer, transformed, null, partitionId, name, cancellationToken).ConfigureAwait(false))
            : null;

        DataFile ToDataFile(WrittenDataFile file) => new(name, file.LengthBytes, [new FileReference(name, partitionId, file.RowCount)]);
    }

    private async Task<DataFile?> WriteSharedFileAsync(CancellationToken cancellationToken)
    {
        string partitionId = tree.Root.Id;
        string name = places.Name(partitionId, 0);
        using var writer = NewWriter();
        using var transform = NewTransform();
        using var all = new BucketSequence(buckets.Buckets, reader);
        if (transform is null)
        {
            using var rows = new SortedRows(all, ownsCursor: false);
            var file = await WriteFileAsync(writer, rows, buckets.RowCount, partitionId, name, cancellationToken).ConfigureAwait(false);
            return ToSharedFile(name, file.LengthBytes, buckets.RowsOfLeaf);
        }

        transform.Begin(all);
        using var counter = new LeafCounter(transform, router);
        using var transformed = new SortedRows(counter, ownsCursor: false);
        if (!RowPieces.AreLeft(transformed, null))
        {
            return null;
        }

        var written = await WriteFileAsync(writer, transformed, null, partitionId, name, cancellationToken).ConfigureAwait(false);
        return ToSharedFile(name, written.LengthBytes, counter.RowsOfLeaf);
    }

    private DataFile ToSharedFile(string name, long length, ReadOnlySpan<long> rowsOfLeaf)
    {
        int leavesHit = rowsOfLeaf.Length - rowsOfLeaf.Count(0);
        var references = new List<FileReference>(leavesHit);
        for (int leaf = 0; leaf < tree.Leaves.Count; leaf++)
        {
            if (rowsOfLeaf[leaf] > 0)
            {
                references.Add(new FileReference(name, tree.Leaves[leaf].Id, rowsOfLeaf[leaf], OnlyContainsDataForThisPartition: leavesHit == 1));
            }
        }

        return new DataFile(name, length, references);
    }

    /// <summary>Writes so many rows, or all that are left; at least one.</summary>
    private async Task<WrittenDataFile> WriteFileAsync(
        DataFileWriter writer, SortedRows rows, long? rowCount, string partitionId, string name, CancellationToken cancellationToken)
    {
        var file = new DataFileTarget(places.Store, places.PathOf(name), partitionId, rowCount, meter.Written);
        places.Announce(file.Path);
        places.Announce(file.SketchesPath);
        var written = IsForManyEncoders(rowCount ?? buckets.RowCount / Math.Max(1, tree.Leaves.Count))
            ? await writer.WriteSideBySideAsync(rows, file, options.Workers, RunWorkersAsync, cancellationToken).ConfigureAwait(false)
            : await writer.WriteAsync(rows, file, cancellationToken).ConfigureAwait(false);
        meter.FileDone(written.RowCount);
        return written;
    }

    /// <summary>Where buckets cannot keep all workers busy, the row groups of a large file do.</summary>
    private bool IsForManyEncoders(long rowCount) =>
        options.Workers > 1 && rowCount > options.DataFiles.RowGroupRows && (options.SharedFile || buckets.Buckets.Count < options.Workers)
        && options.MemoryBudgetBytes >= BudgetForManyEncoders;

    private static Task RunWorkersAsync(int workers, Func<Task> body) => WorkerPool.RunAsync(workers, _ => body(), CancellationToken.None);

    private int SkipBytes => buckets.KeysHaveLeaf ? BucketSet.LeafPrefixBytes : 0;

    private RowTransform? NewTransform() =>
        options.Iterators is { } iterators
            ? new RowTransform(iterators, options.Schema, options.NowMillis, SkipBytes, options.Limits.MaxRowBytes, reader.Budget)
            : null;

    private DataFileWriter NewWriter() =>
        new(options.Schema, options.Order, SkipBytes, options.DataFiles) { Clock = options.StageClock };
}
