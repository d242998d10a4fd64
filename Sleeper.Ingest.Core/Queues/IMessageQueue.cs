namespace Sleeper.Ingest.Core.Queues;

/// <summary>
/// A queue of small texts that several processes take from: a folder or a bucket (<see cref="ObjectStoreQueue"/>), or SQS.
/// </summary>
/// <remarks>
/// <para>What every implementation keeps:</para>
/// <list type="bullet">
/// <item>At least once: a message that was sent is received until it is deleted or set aside. It may be received twice, also while somebody works on it:
/// who must not do a thing twice needs a fence of its own, such as the ledger of a table.</item>
/// <item>Who receives a message has it for a while, its lease. When that has run out, anybody may receive it.</item>
/// <item>A message keeps its id, however often it is received.</item>
/// <item>How often it may be received is the queue's own policy; after that it lies with the dead letters.</item>
/// </list>
/// <para>Errors of the queue itself are <see cref="QueueException"/>s or those of the store beneath. Thread-safe.</para>
/// </remarks>
public interface IMessageQueue
{
    /// <summary>What messages call the queue, for example its folder or address. No secrets.</summary>
    string Name { get; }

    /// <summary>Adds a message.</summary>
    /// <returns>The message's id.</returns>
    Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Takes the next message.</summary>
    /// <param name="wait">How long to wait for one; zero looks once.</param>
    /// <param name="lease">For how long nobody else shall receive it.</param>
    /// <param name="cancellationToken">Gives up waiting. A message that was on its way comes again when its lease has run out.</param>
    /// <returns>Null if none came in time.</returns>
    Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default);

    /// <summary>Prolongs a lease, counted from now.</summary>
    /// <returns>False if the lease is lost: somebody else has the message, or had it and is done.</returns>
    Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default);

    /// <summary>Removes a message for good. Nothing happens if it is gone.</summary>
    Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default);

    /// <summary>Ends a lease before its time: the message can be received again after the delay. Nothing happens if the lease is lost.</summary>
    /// <param name="message">The message.</param>
    /// <param name="delay">How long it shall rest.</param>
    /// <param name="reason">Why, for who finds it with the dead letters; queues that have no place for it drop it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Puts a message with the dead letters, where nobody receives it. A queue that has no place for them deletes it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="reason">Why; queues that have no place for it drop it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default);

    /// <summary>About how many messages could be received now.</summary>
    Task<long> CountAsync(CancellationToken cancellationToken = default);

    /// <summary>What the queue does with messages that come back.</summary>
    Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default);
}
