using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>
/// Makes the files of a snapshot from those of an earlier one and the entries since. The bytes depend on the log alone, not on where it began, so two
/// makers agree. Memory goes with the entries since, not with the table: the earlier snapshot is streamed, twice.
/// </summary>
internal sealed class FilesSnapshotBuilder(string tableId, Schema schema, ITransactionLog files, ISnapshots snapshots)
{
    /// <summary>Writes the files as they are after an entry.</summary>
    /// <param name="from">The earlier snapshot; 0 to begin at entry 1.</param>
    /// <param name="number">The entry.</param>
    /// <param name="checksum">Its checksum; null if it is not known.</param>
    /// <param name="sink">Takes the bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TableDamagedException">
    /// Log and snapshot do not fit together. If it may be stale, entries were trimmed or the earlier snapshot removed, because there is a newer one.
    /// </exception>
    public async Task WriteAsync(long from, long number, string? checksum, LineSink sink, CancellationToken cancellationToken)
    {
        var entries = new List<(LogEntry Entry, FilesTransaction Transaction)>();
        var touched = new HashSet<string>(StringComparer.Ordinal);
        var (header, recent) = await ReadBaseHeaderAsync(from, cancellationToken).ConfigureAwait(false);
        await foreach (var entry in files.ReadRangeAsync(from + 1, number, cancellationToken).ConfigureAwait(false))
        {
            string name = files.NameOf(entry.Number);
            Chain.Check(entry, header.Number, header.Checksum, name);
            var transaction = (FilesTransaction)EntryBody.Read(entry, name, schema);
            touched.UnionWith(transaction.TouchedFiles);
            entries.Add((entry, transaction));
            header = new SnapshotHeader(entry.Number, entry.Checksum, Math.Max(header.PartitionsNumber, entry.Header.PartitionsNumber));
            History.Add(recent, entry.Header);
        }

        if (header.Number != number || (checksum is not null && header.Checksum != checksum))
        {
            throw new TableDamagedException(files.NameOf(number), $"Read up to entry {header.Number} with the checksum {header.Checksum}; {checksum} was expected.");
        }

        var state = new FilesState();
        long before = await RestoreAsync(from, touched, state, cancellationToken).ConfigureAwait(false);
        state.AddAfter(before);
        bool cleared = false;
        foreach (var (entry, transaction) in entries)
        {
            EntryBody.Apply(transaction, entry, files.NameOf(entry.Number), state);
            cleared |= transaction.Type == TransactionType.ClearFiles;
        }

        using var lines = new SealedLineWriter(sink);
        await lines.WriteAsync(json => FilesSnapshot.WriteHeader(json, header, tableId), cancellationToken).ConfigureAwait(false);
        foreach (var commit in recent)
        {
            await lines.WriteAsync(json => FilesSnapshot.WriteRecent(json, commit), cancellationToken).ConfigureAwait(false);
        }

        if (!cleared)
        {
            await CopyAsync(from, touched, state, lines, cancellationToken).ConfigureAwait(false);
        }

        foreach (var file in state.Files.Where(f => cleared || f.Sequence >= before))
        {
            await lines.WriteAsync(json => FilesSnapshot.WriteFile(json, file), cancellationToken).ConfigureAwait(false);
        }

        await lines.SealAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<(SnapshotHeader Header, List<CommitSummary> Recent)> ReadBaseHeaderAsync(long from, CancellationToken cancellationToken)
    {
        if (from == 0)
        {
            return (new SnapshotHeader(0, "", 0), []);
        }

        var reader = await OpenAsync(from, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            return (reader.Header, reader.Recent);
        }
    }

    /// <summary>Takes the files that the entries touch. Returns the number of all files.</summary>
    private async Task<long> RestoreAsync(long from, HashSet<string> touched, FilesState state, CancellationToken cancellationToken)
    {
        if (from == 0)
        {
            return 0;
        }

        var reader = await OpenAsync(from, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                if (touched.Contains(next.File.Name))
                {
                    state.Restore(next.File);
                }
            }

            return reader.FileCount;
        }
    }

    /// <summary>Writes the earlier snapshot's files: untouched ones as they stand, touched ones as they are now, if they are still there.</summary>
    private async Task CopyAsync(long from, HashSet<string> touched, FilesState state, SealedLineWriter lines, CancellationToken cancellationToken)
    {
        if (from == 0)
        {
            return;
        }

        var reader = await OpenAsync(from, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                if (!touched.Contains(next.File.Name))
                {
                    await lines.CopyAsync(next.Line, cancellationToken).ConfigureAwait(false);
                }
                else if (state.TryGet(next.File.Name, out var file) && file.Sequence == next.File.Sequence)
                {
                    await lines.WriteAsync(json => FilesSnapshot.WriteFile(json, file), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private Task<FilesSnapshotReader> OpenAsync(long number, CancellationToken cancellationToken) =>
        FilesSnapshotReader.OpenListedAsync(snapshots, number, tableId, cancellationToken);
}
