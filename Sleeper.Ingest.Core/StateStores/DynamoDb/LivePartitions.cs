using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>A live table's partitions, as its partitions log leaves them. They may be initialised anew, or be none.</summary>
internal sealed class LivePartitions(DynamoDbLog log, LiveSnapshots snapshots, LiveBodies bodies, LiveStoreSettings settings, TimeProvider time)
    : LiveLogView(log, snapshots, settings, time)
{
    private readonly LiveSnapshots _snapshots = snapshots;
    private readonly Dictionary<string, Partition> _partitions = new(StringComparer.Ordinal);
    private PartitionTree? _tree;

    /// <summary>True if the table has none: it was cleared, deleted, or not made yet.</summary>
    public bool IsEmpty => _partitions.Count == 0;

    /// <exception cref="TableDamagedException">The partitions are no tree.</exception>
    public PartitionTree Tree()
    {
        if (_tree is null)
        {
            try
            {
                _tree = new PartitionTree(_partitions.Values) { LogNumber = Position.Number };
            }
            catch (ArgumentException e)
            {
                throw new TableDamagedException(Log.NameOf(Position.Number), $"After it the partitions are no tree: {e.Message}", e);
            }
        }

        return _tree;
    }

    protected override void Reset()
    {
        _partitions.Clear();
        _tree = null;
    }

    protected override async Task LoadSnapshotAsync(LatestSnapshot snapshot, CancellationToken cancellationToken)
    {
        await foreach (var partition in _snapshots.ReadPartitionsAsync(snapshot, cancellationToken).ConfigureAwait(false))
        {
            _partitions[partition.Id] = partition;
        }
    }

    protected override async Task ApplyAsync(LiveLogEntry entry, CancellationToken cancellationToken)
    {
        var transaction = await bodies.ReadAsync(entry, Log.NameOf(entry.Number), cancellationToken).ConfigureAwait(false);
        ((PartitionsTransaction)transaction).Apply(_partitions);
        _tree = null;
    }
}
