using Sleeper.Ingest.Core.ObjectStores;

namespace Sleeper.Ingest.Core.StateStores.TransactionLog.Snapshots;

/// <summary>A table's snapshots: what to begin from instead of entry 1. Each object is put once; a snapshot exists when its head does.</summary>
internal interface ISnapshots
{
    /// <summary>What messages call an object of a snapshot.</summary>
    string NameOf(long number, SnapshotPart part);

    /// <summary>The snapshot that the hint holds; null if there is no hint, or none that can be read. It may be an old one.</summary>
    Task<HeadSnapshot?> ReadHintAsync(CancellationToken cancellationToken);

    /// <summary>The numbers of the snapshots after a number, ascending. A listing: the newest may be missing.</summary>
    Task<IReadOnlyList<long>> ListAsync(long after, CancellationToken cancellationToken);

    /// <summary>The numbers before one at which something lies, but no head: remains of a writer that came to no end, or of a removal that was stopped.</summary>
    Task<IReadOnlyList<long>> ListRemainsAsync(long before, CancellationToken cancellationToken);

    /// <summary>The head of a snapshot; null if there is none.</summary>
    Task<HeadSnapshot?> ReadHeadAsync(long number, CancellationToken cancellationToken);

    /// <summary>An object of a snapshot; null if there is none.</summary>
    ValueTask<IObjectReader?> OpenAsync(long number, SnapshotPart part, CancellationToken cancellationToken);

    /// <summary>Writes the files of a snapshot as a stream, and makes them durable. False if they are there already: then those are made durable.</summary>
    Task<bool> PutFilesAsync(long number, Func<LineSink, Task> write, CancellationToken cancellationToken);

    /// <summary>Puts the head, after the files, or the mark that both are verified. False if it is there already: then that one is made durable.</summary>
    Task<bool> PutIfAbsentAsync(long number, SnapshotPart part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Replaces the hint by the bytes of a head.</summary>
    Task PutHintAsync(ReadOnlyMemory<byte> head, CancellationToken cancellationToken);

    /// <summary>Makes the head and the files of a snapshot that was found survive a crash of the machine.</summary>
    Task MakeDurableAsync(long number, CancellationToken cancellationToken);

    /// <summary>Removes a snapshot, its head first.</summary>
    Task DeleteAsync(long number, CancellationToken cancellationToken);
}

/// <summary>The objects of a snapshot.</summary>
internal enum SnapshotPart
{
    Head,
    Files,
    Verified,
}
