using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Reading. The files log first, then the partitions log, at least as far as its entries were planned on: so every partition that a reference
/// names is there, although the two logs have no order between them.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>True if somebody has given the table its partitions.</summary>
    public async Task<bool> HasPartitionsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_partitionsHead.Number == 0)
            {
                await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            }

            return _partitionsHead.Number > 0;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<PartitionTree> LoadPartitionsAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            RequirePartitions();
            return CurrentTree();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<PartitionTree> InitialisePartitionsAsync(PartitionTree tree, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tree);
        tree.RequireOrder(Rows.KeyOrder.Bytes);
        RequireRegionsOfSchema(tree);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
            if (_partitionsHead.Number == 0)
            {
                await PutFirstPartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
            }

            return CurrentTree();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<TableState> LoadStateAsync(CancellationToken cancellationToken = default)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await LoadStateOnceAsync(isFirstTry: tries == 1, cancellationToken).ConfigureAwait(false);
            }
            catch (TableDamagedException e) when (e.MayBeStale && tries < MaxOpenTries)
            {
                // Trimmed behind a newer snapshot than the one it began at.
            }
        }
    }

    private async Task<TableState> LoadStateOnceAsync(bool isFirstTry, CancellationToken cancellationToken)
    {
        var (state, header, recent) = await LoadFilesAsync(isFirstTry, cancellationToken).ConfigureAwait(false);
        var tree = await LoadPartitionsFromAsync(header.PartitionsNumber, cancellationToken).ConfigureAwait(false);
        recent.Reverse();
        return new TableState(header.Number, tree, References(state, tree), recent);
    }

    private async Task<(FilesState State, SnapshotHeader Header, List<CommitSummary> Recent)> LoadFilesAsync(bool isFirstTry, CancellationToken cancellationToken)
    {
        var (from, known) = await FindBeginningAsync(isFirstTry, cancellationToken).ConfigureAwait(false);
        var state = new FilesState();
        var (header, recent) = await ReadFilesSnapshotAsync(from, state, cancellationToken).ConfigureAwait(false);
        await foreach (var entry in _files.ReadFromAsync(from + 1, known, cancellationToken).ConfigureAwait(false))
        {
            string name = _files.NameOf(entry.Number);
            Chain.Check(entry, header.Number, header.Checksum, name);
            EntryBody.Apply(entry, name, _schema, state);
            header = new SnapshotHeader(entry.Number, entry.Checksum, Math.Max(header.PartitionsNumber, entry.Header.PartitionsNumber));
            History.Add(recent, entry.Header);
        }

        return (state, header, recent);
    }

    /// <summary>The snapshot to begin at, 0 for none, and an entry up to which the log is known to be there.</summary>
    private async Task<(long Snapshot, long Known)> FindBeginningAsync(bool isFirstTry, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool isFresh = await OpenAsync(cancellationToken).ConfigureAwait(false);
            if (!isFirstTry || (!isFresh && _head.Number - _snapshotNumber >= _options.SnapshotInterval))
            {
                var numbers = await _snapshots.ListAsync(isFirstTry ? _snapshotNumber : 0, cancellationToken).ConfigureAwait(false);
                _snapshotNumber = numbers.Count > 0 ? numbers[^1] : isFirstTry ? _snapshotNumber : 0;
            }

            return (_snapshotNumber, _head.Number);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<(SnapshotHeader Header, List<CommitSummary> Recent)> ReadFilesSnapshotAsync(
        long number, FilesState state, CancellationToken cancellationToken)
    {
        if (number == 0)
        {
            return (new SnapshotHeader(0, "", 0), []);
        }

        var reader = await FilesSnapshotReader.OpenListedAsync(_snapshots, number, _tableId, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                state.Restore(next.File);
            }

            return (reader.Header, reader.Recent);
        }
    }

    private async Task<PartitionTree> LoadPartitionsFromAsync(long plannedOn, CancellationToken cancellationToken)
    {
        var tree = await LoadPartitionsAsync(cancellationToken).ConfigureAwait(false);
        long known = _partitionsHead.Number;
        return known >= plannedOn
            ? tree
            : throw new TableDamagedException(
                _partitions.NameOf(known + 1), $"There is no such entry, but files were committed that were planned on entry {plannedOn}.");
    }

    private List<FileReference> References(FilesState state, PartitionTree tree)
    {
        var references = new List<FileReference>();
        foreach (var file in state.Files)
        {
            foreach (var reference in file.References.Values)
            {
                if (!tree.Contains(reference.PartitionId))
                {
                    throw new TableDamagedException(
                        _partitions.NameOf(_partitionsHead.Number),
                        $"Up to this entry there is no partition '{reference.PartitionId}', but the file '{file.Name}' has rows of it.");
                }

                references.Add(new FileReference(
                    file.Name, reference.PartitionId, reference.NumberOfRows, reference.CountApproximate, reference.OnlyContainsDataForThisPartition));
            }
        }

        return references;
    }

    private async Task PutFirstPartitionsAsync(PartitionTree tree, CancellationToken cancellationToken)
    {
        using var deadline = new CommitDeadline(_options, cancellationToken);
        var header = new EntryHeader
        {
            TableId = _tableId,
            Log = LogKind.Partitions,
            Number = 1,
            Type = TransactionType.InitialisePartitions,
            Time = _options.Time.GetUtcNow(),
            Writer = _options.Writer,
            Before = "",
        };
        var entry = _partitions.Prepare(new LogEntry(header, new InitialisePartitions([.. tree.All]).ToBytes(), []));
        var (end, error) = await new LogAppender(_partitions, _options).AppendAsync(entry, deadline).ConfigureAwait(false);
        if (end == AppendEnd.Ours)
        {
            _durablePartitionsNumber = 1;
        }

        if (end == AppendEnd.NotPut)
        {
            throw new IngestException($"The partitions of table {_tableId} could not be written. {error!.Message}", error)
            {
                IsRetryable = error is IngestException { IsRetryable: true },
            };
        }

        if (end == AppendEnd.Unknown)
        {
            throw new IngestException(
                $"Whether the partitions of table {_tableId} were written is not known: {_partitions.NameOf(1)} was put, but could not be read back. Try again.",
                error)
            {
                IsRetryable = true,
            };
        }

        await BringPartitionsUpToDateAsync(cancellationToken).ConfigureAwait(false);
    }

    private void RequireRegionsOfSchema(PartitionTree tree)
    {
        var expected = Region.Everything(_schema);
        if (tree.Root.Region != expected)
        {
            throw new ArgumentException(
                $"The tree's root has the region {tree.Root.Region}, but every key of the schema is in {expected}. Make the tree from the table's schema.");
        }
    }

    private void RequirePartitions()
    {
        if (_partitionsHead.Number == 0)
        {
            throw new InvalidOperationException($"The table has no partitions yet: there is no {_partitions.NameOf(1)}. Initialise them first.");
        }
    }
}
