namespace Sleeper.Ingest.Core.Queues;

/// <summary>How a message is sent.</summary>
public sealed record QueueSendOptions
{
    /// <summary>Messages of one group are received in the order in which they were sent. For queues that keep order (SQS FIFO), which ask for it.</summary>
    public string? GroupId { get; init; }

    /// <summary>A second message with this id, within the queue's memory for such ids, is dropped. Null for none.</summary>
    public string? DeduplicationId { get; init; }

    /// <summary>How long the message rests before it can be received. Default: not at all. SQS: whole seconds up to 15 minutes.</summary>
    public TimeSpan Delay { get; init; }
}
