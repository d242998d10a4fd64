namespace Sleeper.Ingest.Core.ObjectStores;

/// <summary>Settings of a <see cref="LocalObjectStore"/>. Immutable.</summary>
public sealed record LocalObjectStoreOptions
{
    /// <summary>
    /// Whether writes survive a crash of the machine: true by default. False leaves out every sync, for tables that may be lost; a crash of the
    /// process alone still loses nothing that was written.
    /// </summary>
    public bool Durable { get; init; } = true;

    /// <summary>Whether the first write creates the root folder where it is missing: true by default. False makes that an error.</summary>
    public bool CreateRoot { get; init; } = true;

    /// <summary>Where calls run that wait for the disk. The thread pool by default.</summary>
    public TaskScheduler Scheduler { get; init; } = TaskScheduler.Default;
}
