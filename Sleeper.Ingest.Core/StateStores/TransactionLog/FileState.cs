namespace Sleeper.Ingest.Core.StateStores.TransactionLog;

/// <summary>One file of a table's state. Without references it waits to be collected.</summary>
internal sealed class FileState(string name, DateTimeOffset updateTime)
{
    public string Name { get; } = name;

    /// <summary>Its place in the order in which files were added.</summary>
    public long Sequence { get; init; }

    /// <summary>The time of the last entry that changed it.</summary>
    public DateTimeOffset UpdateTime { get; set; } = updateTime;

    /// <summary>By partition id: a file has one reference on a partition at most; of two in one entry the last counts.</summary>
    public Dictionary<string, FileReferenceState> References { get; } = new(StringComparer.Ordinal);

    /// <exception cref="TransactionFormatException">The file has no reference on that partition.</exception>
    public FileReferenceState Get(string partitionId) =>
        References.TryGetValue(partitionId, out var reference)
            ? reference
            : throw new TransactionFormatException($"it is about a reference of the file '{Name}' on the partition '{partitionId}', which the entries before it do not hold.");
}
