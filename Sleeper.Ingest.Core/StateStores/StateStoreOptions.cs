namespace Sleeper.Ingest.Core.StateStores;

/// <summary>What a state store takes from outside, and how patient it is.</summary>
internal sealed record StateStoreOptions
{
    /// <summary>Where attempt ids, table ids and the jitter of waits come from.</summary>
    public required RandomBytes Random { get; init; }

    /// <summary>The clock: for the times in entries, and for waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What entries call their writer, for people. For example host and process id.</summary>
    public string Writer { get; init; } = "";

    /// <summary>How long a commit tries. Default: 5 minutes.</summary>
    public TimeSpan CommitTimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a commit that was sent still tries to find out its end after the caller cancelled. Default: 10 seconds.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest wait before the second try; it doubles from try to try. Default: 5 ms, about the time a local commit takes with its syncs: of
    /// two writers that collide one is done when the other comes back.
    /// </summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The longest wait there is. Default: 1 second.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The writer of an entry whose number is a multiple of this puts a snapshot. Default: 256, so opening reads some hundred small objects at most, and
    /// a table of 100,000 files and ids writes some 100 KB of snapshots for each commit on average.
    /// </summary>
    public int SnapshotInterval { get; init; } = 256;

    /// <summary>Told of what went wrong while cleaning up after a commit that succeeded. Default: nobody.</summary>
    public Action<string, Exception>? CleanUpFailed { get; init; }
}
