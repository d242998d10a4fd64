namespace Sleeper.Ingest.Core.Queues;

/// <summary>Settings of an <see cref="ObjectStoreQueue"/>.</summary>
public sealed record ObjectStoreQueueOptions
{
    /// <summary>How often a message may be received before it lies with the dead letters. At least 1. Default: 3.</summary>
    public int MaxReceiveCount { get; init; } = 3;

    /// <summary>How often the store is asked whether a message has come, while one is waited for. Default: a quarter of a second.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// For how long a file that somebody put into the folder by hand must have stayed the same before it is received: else half of it might be read. Messages that
    /// were sent are whole at once. Default: one second.
    /// </summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock that waits are measured with. Leases go by the store's own times. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Chance, for names; null for the system's.</summary>
    internal Func<ulong>? Random { get; init; }
}
