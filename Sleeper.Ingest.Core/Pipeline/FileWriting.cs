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
/// Workers take buckets one after the other, those with most rows first, so that none is left alone with a large one at the end; who finds none left helps
/// with the row groups of a file that is too large for one worker. A file that all leaves share is made of the buckets in their order. Where the table asks for filters or
/// aggregations, rows pass a <see cref="RowTransform"/> on the way, and a file has as many as come out of it; none, no file.
/// </remarks>
internal sealed class FileWriting(
    PipelineOptions options, BucketReader reader, int readers, BucketSet buckets, PartitionTree tree, LeafRouter router, FilePlaces places, ProgressMeter meter)
{
    /// <summary>Each encoder more holds the columns of two row groups, 8 MiB of rows each by default.</summary>
    private const long BudgetForEachEncoder = 128L << 20;

    private readonly OpenWork _help = new(WorkersOf(options, readers, buckets));
    private int _nextBucket = -1;
    private int _readersBegun;
    private int _filesForManyEncoders;

    public async Task<IReadOnlyList<DataFile>> RunAsync(CancellationToken cancellationToken)
    {
        if (options.SharedFile)
        {
            return await WriteSharedFileAsync(cancellationToken).ConfigureAwait(false) is { } file ? [file] : [];
        }

        var files = new DataFile?[tree.Leaves.Count];
        Bucket[] largestFirst = [.. buckets.Buckets.OrderByDescending(RowsOf)];
        await WorkerPool.RunAsync(
            WorkersOf(options, readers, buckets),
            async token =>
            {
                if (Interlocked.Increment(ref _readersBegun) <= readers)
                {
                    await WriteBucketsAsync(largestFirst, files, token).ConfigureAwait(false);
                }

                await _help.JoinAsync(token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return [.. files.OfType<DataFile>()];
    }

    /// <summary>Where there are fewer buckets than workers, the others help from the start. They read none: memory has room for so many readers and no more.</summary>
    private static int WorkersOf(PipelineOptions options, int readers, BucketSet buckets) =>
        buckets.Buckets.Count < options.Workers ? options.Workers : readers;

    private long RowsOf(Bucket bucket)
    {
        long rows = 0;
        foreach (long ofLeaf in buckets.RowsOfLeaf.Slice(bucket.FirstLeaf, bucket.LeafCount))
        {
            rows += ofLeaf;
        }

        return rows;
    }

    private async Task WriteBucketsAsync(Bucket[] largestFirst, DataFile?[] files, CancellationToken cancellationToken)
    {
        using var writer = NewWriter();
        using var transform = NewTransform();
        int index;
        while ((index = Interlocked.Increment(ref _nextBucket)) < largestFirst.Length)
        {
            var bucket = largestFirst[index];
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
        long expectedRows = rowCount ?? buckets.RowCount / Math.Max(1, tree.Leaves.Count);
        var written = options.SharedFile
            ? await EncodeSharedFileAsync(writer, rows, file, expectedRows, cancellationToken).ConfigureAwait(false)
            : await EncodeFileOfLeafAsync(writer, rows, file, expectedRows, cancellationToken).ConfigureAwait(false);
        meter.FileDone(written.RowCount);
        return written;
    }

    private Task<WrittenDataFile> EncodeSharedFileAsync(
        DataFileWriter writer, SortedRows rows, DataFileTarget file, long expectedRows, CancellationToken cancellationToken) =>
        MayUseManyEncoders(expectedRows)
            ? writer.WriteSideBySideAsync(
                rows, file, options.Workers, (helpers, work) => _ = WorkerPool.RunAsync(helpers, _ => work(), CancellationToken.None), cancellationToken)
            : writer.WriteAsync(rows, file, cancellationToken);

    /// <summary>
    /// A file that is so large that the others do not keep the other workers busy meanwhile is open for their help; one at a time, for the memory. Such a
    /// file costs about as much processor time either way.
    /// </summary>
    private async Task<WrittenDataFile> EncodeFileOfLeafAsync(
        DataFileWriter writer, SortedRows rows, DataFileTarget file, long expectedRows, CancellationToken cancellationToken)
    {
        int workers = WorkersOf(options, readers, buckets);
        bool isLarge = workers > 1 && 2 * workers * expectedRows > buckets.RowCount;
        if (!isLarge || !MayUseManyEncoders(expectedRows) || Interlocked.CompareExchange(ref _filesForManyEncoders, 1, 0) != 0)
        {
            return await writer.WriteAsync(rows, file, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await writer.WriteSideBySideAsync(rows, file, workers, _help.Offer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _filesForManyEncoders, 0);
        }
    }

    private bool MayUseManyEncoders(long rowCount) =>
        options.Workers > 1 && rowCount > options.DataFiles.RowGroupRows && options.MemoryBudgetBytes >= BudgetForEachEncoder * options.Workers;

    private int SkipBytes => buckets.KeysHaveLeaf ? BucketSet.LeafPrefixBytes : 0;

    private RowTransform? NewTransform() =>
        options.Iterators is { } iterators
            ? new RowTransform(iterators, options.Schema, options.NowMillis, SkipBytes, options.Limits.MaxRowBytes, reader.Budget)
            : null;

    private DataFileWriter NewWriter() =>
        new(options.Schema, options.Order, SkipBytes, options.DataFiles) { Clock = options.StageClock };
}
