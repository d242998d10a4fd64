using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Rows;
using Sleeper.Ingest.Core.StateStores.TransactionLog;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <content>Reading. The files log first, then the partitions log, so that a partition that a file was committed to is there, although the two have no order between them.</content>
internal sealed partial class DynamoDbStateStore
{
    /// <summary>As many trees as were given out last, by number of the log: a commit compares the regions that its rows were sorted into.</summary>
    private const int MaxKnownTrees = 16;

    private readonly List<PartitionTree> _knownTrees = [];

    public async Task<PartitionTree> LoadPartitionsAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _partitions.UpdateForReadingAsync(cancellationToken).ConfigureAwait(false);
            return Remember(RequireTree());
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Partitions and files. References to partitions that the table does not have are left out, as Java's readers do: a table that was initialised anew can have some.
    /// </summary>
    public async Task<TableState> LoadStateAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _files.UpdateForReadingAsync(cancellationToken).ConfigureAwait(false);
            await _partitions.UpdateForReadingAsync(cancellationToken).ConfigureAwait(false);
            var tree = RequireTree();
            var recent = new List<CommitSummary>(_files.Recent);
            recent.Reverse();
            return new TableState(_files.Position.Number, tree, References(tree), recent);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The files of the table as they are, also those without references, and the number of the last entry. Not to be changed.</summary>
    internal async Task<(FilesState State, long Number)> LoadFilesAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _files.UpdateForReadingAsync(cancellationToken).ConfigureAwait(false);
            return (_files.State, _files.Position.Number);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The attempts of which an entry that is still there, a file of the state, or this store itself knows.</summary>
    internal async Task<IReadOnlySet<string>> LoadKnownAttemptsAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await BringHistoryUpToDateAsync(cancellationToken).ConfigureAwait(false);
            return _head.Attempts.Concat(_doubts.Keys).ToHashSet(StringComparer.Ordinal);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>True if anything was ever put in the table's partitions log: it was made to its end.</summary>
    internal async Task<bool> HasEntriesAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _partitions.UpdateAsync(cancellationToken).ConfigureAwait(false);
            return _partitions.Position.Number > 0;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives the table its first partitions, or new ones after they were cleared, if there are no files.</summary>
    public async Task<PartitionTree> InitialisePartitionsAsync(PartitionTree tree, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tree);
        tree.RequireOrder(KeyOrder.Java);
        var expected = Region.Everything(_table.Schema);
        if (tree.Root.Region != expected)
        {
            throw new ArgumentException(
                $"The tree's root has the region {tree.Root.Region}, but every key of the schema is in {expected}. Make the tree from the table's schema.");
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _partitions.UpdateAsync(cancellationToken).ConfigureAwait(false);
            if (_partitions.IsEmpty)
            {
                await PutPartitionsAsync(tree, cancellationToken).ConfigureAwait(false);
            }

            return Remember(RequireTree());
        }
        finally
        {
            _gate.Release();
        }
    }

    private List<FileReference> References(PartitionTree tree)
    {
        var references = new List<FileReference>();
        foreach (var file in _files.State.Files)
        {
            foreach (var reference in file.References.Values)
            {
                if (tree.Contains(reference.PartitionId))
                {
                    references.Add(ToReference(file.Name, reference));
                }
                else
                {
                    _settings.Warned?.Invoke(
                        $"The file '{file.Name}' has {reference.NumberOfRows} rows on the partition '{reference.PartitionId}', which table '{_table.TableName}' does not have: they are not read.");
                }
            }
        }

        return references;
    }

    private PartitionTree Remember(PartitionTree tree)
    {
        if (!_knownTrees.Exists(t => ReferenceEquals(t, tree)))
        {
            _knownTrees.RemoveAll(t => t.LogNumber == tree.LogNumber);
            _knownTrees.Add(tree);
            if (_knownTrees.Count > MaxKnownTrees)
            {
                _knownTrees.RemoveAt(0);
            }
        }

        return tree;
    }

    /// <summary>Puts an INITIALISE_PARTITIONS entry, on the condition that there are no files: they would be on partitions that are gone.</summary>
    private async Task PutPartitionsAsync(PartitionTree tree, CancellationToken cancellationToken)
    {
        await _files.UpdateAsync(cancellationToken).ConfigureAwait(false);
        if (_files.State.Count > 0)
        {
            throw new InvalidOperationException(
                $"Table '{_table.TableName}' has {_files.State.Count} files, and no partitions: they cannot be initialised while there are files. Clear the table first.");
        }

        RequireOwnEnd(_partitions.EndsWithForeignEntry, _partitionsLog, _partitions.Position.Number);
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = new CommitDeadline(_options, cancellationToken);
        string json = System.Text.Encoding.UTF8.GetString(new InitialisePartitions([.. tree.All]).ToBytes());
        string? key = LiveBodies.FitsItem(json) ? null : await _bodies.StoreAsync(json, deadline.Token).ConfigureAwait(false);
        var backoff = new JitteredBackoff(_options);
        var entry = new LiveLogEntry(
            _partitions.Position.Number + 1, _options.Time.GetUtcNow().ToUnixTimeMilliseconds(), TransactionType.InitialisePartitions, key is null ? json : null, key);
        Exception? last = null;
        while (true)
        {
            Exception? error = null;
            try
            {
                await _partitionsLog.PutIfAbsentAsync(entry, deadline.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                error = e;
            }

            try
            {
                // Whoever has the number: who comes second takes the first one's tree.
                await _partitions.UpdateAsync(deadline.Token).ConfigureAwait(false);
                if (_partitions.Position.Number >= entry.Number)
                {
                    return;
                }

                if (error is not null && DynamoDbErrors.IsRefused(error))
                {
                    if (key is not null)
                    {
                        await RemoveBodyAsync(key).ConfigureAwait(false);
                    }

                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
                }
            }
            catch (Exception e) when (!ReferenceEquals(e, error) && (e is OperationCanceledException || !TransactionLogStateStore.IsFinal(e)))
            {
                error ??= e;
            }

            // Of what went wrong, not that the time is over.
            last = error is OperationCanceledException && last is not null ? last : error ?? last;
            if (deadline.IsOver)
            {
                throw new IngestException(
                    $"Whether the partitions of table '{_table.TableName}' were written is not known: {_partitionsLog.NameOf(entry.Number)} was put, but could not be read back. {last!.Message} Try again.",
                    last)
                {
                    IsRetryable = true,
                };
            }

            await backoff.WaitAsync(deadline.Token).ConfigureAwait(false);
        }
    }

    private static void RequireOwnEnd(bool endsWithForeignEntry, DynamoDbLog log, long number)
    {
        if (endsWithForeignEntry)
        {
            throw new TableDamagedException(
                log.NameOf(number),
                "It is the last one and of a type of the other log: Sleeper's readers do not count it, so nobody can add an entry after it. Remove that item by hand.");
        }
    }
}
