using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <content>
/// Reading. The files log first, then the partitions log, at least as far as its entries were planned on: so every partition that a reference
/// names is there, although the two logs have no order between them.
/// </content>
internal sealed partial class TransactionLogStateStore
{
    /// <summary>So many lines of history a state carries.</summary>
    private const int RecentCommitCount = 100;

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
        var state = new FilesState();
        var recent = new Queue<CommitSummary>();
        long number = 0;
        long plannedOn = 0;
        string checksum = "";
        await foreach (var entry in _files.ReadFromAsync(1, looksForHoles: true, cancellationToken).ConfigureAwait(false))
        {
            string name = _files.NameOf(entry.Number);
            Chain.Check(entry, number, checksum, name);
            EntryBody.Apply(entry, name, _schema, state);
            (number, checksum) = (entry.Number, entry.Checksum);
            plannedOn = Math.Max(plannedOn, entry.Header.PartitionsNumber);
            Remember(entry.Header, recent);
        }

        var tree = await LoadPartitionsFromAsync(plannedOn, cancellationToken).ConfigureAwait(false);
        return new TableState(number, tree, References(state, tree), [.. recent.Reverse()]);
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

    private static void Remember(EntryHeader header, Queue<CommitSummary> recent)
    {
        if (header.IsCommit)
        {
            recent.Enqueue(new CommitSummary(header.Number, header.IngestId!, header.RowCount, header.FileCount, header.Time));
            if (recent.Count > RecentCommitCount)
            {
                recent.Dequeue();
            }
        }
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
