namespace Sleeper.Ingest.Core.Queues;

/// <summary>A message that was received, for as long as its lease lasts.</summary>
public sealed record QueueMessage
{
    /// <summary>The message's id: the same each time it is received.</summary>
    public required string Id { get; init; }

    /// <summary>What was sent. Null if the queue delivered a message without a body, which some do.</summary>
    public required string? Body { get; init; }

    /// <summary>How often it has been received, this time included. At least 1.</summary>
    public required int ReceiveCount { get; init; }

    /// <summary>What the queue knows this receipt by.</summary>
    public required string Receipt { get; init; }

    /// <summary>When it was sent, by the queue's clock; null if the queue does not tell.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>The group of a queue that keeps order within groups; otherwise null.</summary>
    public string? GroupId { get; init; }
}
