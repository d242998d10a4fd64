using Sleeper.Ingest.Core.Partitioning;
using Sleeper.Ingest.Core.Schemas;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;
using Sleeper.Ingest.Core.StateStores.TransactionLog.Transactions;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>The partitions log as far as it has been read, and the tree that it makes. Not thread-safe.</summary>
internal sealed class PartitionsHead(Schema schema)
{
    private readonly Dictionary<string, Partition> _partitions = new(StringComparer.Ordinal);
    private PartitionTree? _tree;

    /// <summary>The partitions, in no order.</summary>
    public IReadOnlyCollection<Partition> All => _partitions.Values;

    /// <summary>The last entry applied; 0 for none.</summary>
    public long Number { get; private set; }

    /// <summary>That entry's checksum; empty for none.</summary>
    public string Checksum { get; private set; } = "";

    /// <summary>Begins at a snapshot.</summary>
    public static PartitionsHead From(HeadSnapshot snapshot, Schema schema)
    {
        var head = new PartitionsHead(schema) { Number = snapshot.PartitionsNumber, Checksum = snapshot.PartitionsChecksum };
        foreach (var partition in snapshot.Partitions)
        {
            head._partitions[partition.Id] = partition;
        }

        return head;
    }

    /// <exception cref="TableDamagedException">The entry does not follow the one before, or its body cannot be read.</exception>
    public void Apply(LogEntry entry, string name)
    {
        Chain.Check(entry, Number, Checksum, name);
        if (entry.Header.Type == TransactionType.InitialisePartitions && entry.Number != 1)
        {
            throw new TableDamagedException(name, "It initialises the partitions anew; that is entry 1 of its log and never comes again.");
        }

        ((PartitionsTransaction)EntryBody.Read(entry, name, schema)).Apply(_partitions);
        Number = entry.Number;
        Checksum = entry.Checksum;
        _tree = null;
    }

    /// <param name="name">What a message calls the last entry.</param>
    /// <exception cref="TableDamagedException">The partitions are no tree.</exception>
    public PartitionTree Tree(string name)
    {
        if (_tree is null)
        {
            try
            {
                _tree = new PartitionTree(_partitions.Values) { LogNumber = Number };
            }
            catch (ArgumentException e)
            {
                throw new TableDamagedException(name, $"After it the partitions are no tree: {e.Message}", e);
            }
        }

        return _tree;
    }
}
