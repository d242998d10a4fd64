namespace Sleeper.Ingest.Core.StateStores;

/// <summary>What maintenance of a table does, and how patient it is.</summary>
public sealed record MaintenanceOptions
{
    /// <summary>True to change nothing and report what a run would do. Then the age of things is measured by this machine's clock. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// How long an attempt must not have been heard of, and an object not have been written, before it is taken for dead. A running ingest says every 5
    /// minutes that it is alive. Measured by the store's own times. Default: 1 hour.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long the table remembers which ingest ids are committed; an id that comes again later is ingested again. Measured by the store's own times.
    /// Default: 90 days.
    /// </summary>
    public TimeSpan KeepLedger { get; init; } = TimeSpan.FromDays(90);

    /// <summary>End attempts that are dead, and remove what they wrote. Default: true.</summary>
    public bool EndDeadAttempts { get; init; } = true;

    /// <summary>Remove data objects that the table does not name and no attempt owns, and what unfinished writes left. Costs a listing of all data. Default: true.</summary>
    public bool RemoveStrayObjects { get; init; } = true;

    /// <summary>
    /// For a table of a deployed instance: remove data and sketches files that this library wrote, this long ago or longer, for an ingest of which the table's log and state know no file. Processes that
    /// were killed before their commit leave such files, and no program of the instance removes them. It must be longer than the longest ingest: what is removed too early, and committed then,
    /// breaks the table. At least a day. Ingests whose commit was sent to the instance's queue, and never seen, are left. See <see cref="DryRun"/>. Default: null, they stay.
    /// </summary>
    public TimeSpan? InstanceStraysOlderThan { get; init; }

    /// <summary>Make a snapshot if one is due, and trim the log behind the newest one but one. Default: true.</summary>
    public bool TrimLog { get; init; } = true;

    /// <summary>Remove spill files of processes of this machine that are gone. Default: true.</summary>
    public bool RemoveStaleSpillFiles { get; init; } = true;

    /// <summary>The folder that ingests spill to. Null, the default, for the one that an ingest takes by default.</summary>
    public string? SpillFolder { get; init; }
}
