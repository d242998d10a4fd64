using Sleeper.Ingest.Core.Schemas;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>Computes a snapshot again from the one before and the entries since, and compares every byte. What it found equal it marks.</summary>
internal sealed class SnapshotVerifier(string tableId, Schema schema, ITransactionLog files, ITransactionLog partitions, ISnapshots snapshots)
{
    /// <summary>True if a mark says that somebody found the snapshot equal.</summary>
    public async Task<bool> IsMarkedAsync(long number, CancellationToken cancellationToken)
    {
        var mark = await snapshots.OpenAsync(number, SnapshotPart.Verified, cancellationToken).ConfigureAwait(false);
        if (mark is null)
        {
            return false;
        }

        await mark.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    /// <param name="from">A snapshot that is verified; 0 to begin at entry 1.</param>
    /// <param name="number">The snapshot to verify.</param>
    /// <param name="mark">True to leave a mark.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableDamagedException">It is not what the log says, or the log cannot be read.</exception>
    public async Task VerifyAsync(long from, long number, bool mark, CancellationToken cancellationToken)
    {
        var stored = await snapshots.ReadListedHeadAsync(number, cancellationToken).ConfigureAwait(false);
        byte[] head = await ComputeHeadAsync(from, stored, cancellationToken).ConfigureAwait(false);
        await RequireEqualAsync(number, SnapshotPart.Head, sink => sink(head, cancellationToken).AsTask(), cancellationToken).ConfigureAwait(false);

        var builder = new FilesSnapshotBuilder(tableId, schema, files, snapshots);
        await RequireEqualAsync(
            number, SnapshotPart.Files, sink => builder.WriteAsync(from, number, stored.Checksum, sink, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (mark)
        {
            await snapshots.PutIfAbsentAsync(number, SnapshotPart.Verified, "{\"format\":1}\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<byte[]> ComputeHeadAsync(long from, HeadSnapshot stored, CancellationToken cancellationToken)
    {
        var head = from == 0 ? new CommitHead() : CommitHead.From(await snapshots.ReadListedHeadAsync(from, cancellationToken).ConfigureAwait(false));
        long plannedOn = await PlannedOnAsync(from, cancellationToken).ConfigureAwait(false);
        await foreach (var entry in files.ReadRangeAsync(head.Number + 1, stored.Number, cancellationToken).ConfigureAwait(false))
        {
            head.Apply(entry, files.NameOf(entry.Number));
            plannedOn = Math.Max(plannedOn, entry.Header.PartitionsNumber);
        }

        // The tree may be of any entry that is late enough: it is computed for the one that the snapshot names. From entry 1 on, for the log is whole.
        var tree = new PartitionsHead(schema);
        await foreach (var entry in partitions.ReadRangeAsync(1, stored.PartitionsNumber, cancellationToken).ConfigureAwait(false))
        {
            tree.Apply(entry, partitions.NameOf(entry.Number));
        }

        if (stored.PartitionsNumber < plannedOn)
        {
            throw new TableDamagedException(
                snapshots.NameOf(stored.Number, SnapshotPart.Head),
                $"Its tree is that of entry {stored.PartitionsNumber} of the partitions log, but files were planned on entry {plannedOn}.");
        }

        return await HeadSnapshot.Take(tableId, head, tree).ToBytesAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the files of a snapshot were planned on; its tree may be of a later entry.</summary>
    private async Task<long> PlannedOnAsync(long number, CancellationToken cancellationToken)
    {
        if (number == 0)
        {
            return 0;
        }

        var reader = await FilesSnapshotReader.OpenListedAsync(snapshots, number, tableId, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return reader.Header.PartitionsNumber;
        }
    }

    private async Task RequireEqualAsync(long number, SnapshotPart part, Func<LineSink, Task> write, CancellationToken cancellationToken)
    {
        var reader = await snapshots.OpenListedAsync(number, part, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var comparison = new ByteComparison(reader);
            await write(comparison.TakeAsync).ConfigureAwait(false);
            if (!comparison.IsWhole)
            {
                throw new TableDamagedException(
                    snapshots.NameOf(number, part),
                    "It is not what the log's entries make of it. Remove all objects of this snapshot, and the table opens from the one before; nothing was trimmed behind it.");
            }
        }
    }
}
