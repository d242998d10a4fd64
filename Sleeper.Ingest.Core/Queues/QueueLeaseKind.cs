namespace Sleeper.Ingest.Core.Queues;

/// <summary>How a lease came about.</summary>
internal enum QueueLeaseKind
{
    /// <summary>Its holder received the message.</summary>
    Received,

    /// <summary>The holder of the lease before prolonged it.</summary>
    Kept,

    /// <summary>The holder gave the message back: it rests until the lease runs out, and nobody has it.</summary>
    Back,
}
