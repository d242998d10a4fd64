namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>How a live table's state is read and extended: what Sleeper has table properties for, with Sleeper's defaults.</summary>
internal sealed record LiveStoreSettings
{
    /// <summary>How many numbers a commit tries before it fails. Default: 10.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>The longest wait before the second try; it doubles from try to try. Default: 200 ms.</summary>
    public TimeSpan FirstRetryWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait there is. Default: 30 seconds.</summary>
    public TimeSpan MaxRetryWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>By how many entries a snapshot must be ahead of what is loaded to be loaded in its place. Default: 10. Any does for the first load.</summary>
    public long SnapshotMinEntriesAhead { get; init; } = 10;

    /// <summary>The shortest time between two looks for a new snapshot. Default: 60 seconds.</summary>
    public TimeSpan TimeBetweenSnapshotChecks { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The shortest time between two looks at a log by readers; commits always look. Default: none.</summary>
    public TimeSpan TimeBetweenLogChecks { get; init; }

    /// <summary>Told of oddities that are no errors, such as an entry that lies in the wrong log. Default: nobody.</summary>
    public Action<string>? Warned { get; init; }
}
