namespace Sleeper.Ingest.Core.Queues;

/// <summary>What a queue does with messages that come back.</summary>
/// <param name="MaxReceiveCount">How often a message is received before it lies with the dead letters; null if it is received for ever.</param>
/// <param name="DeadLetters">Where dead letters lie, in the queue's words; null if it has no place for them.</param>
public sealed record QueuePolicy(int? MaxReceiveCount, string? DeadLetters);
