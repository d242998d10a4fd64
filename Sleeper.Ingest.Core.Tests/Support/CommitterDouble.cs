using System.Text.Json;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Tests.Support;

/// <summary>A commit queue with Sleeper's committer behind it, as far as a sender can tell: a message becomes the next entry of its table's log when the test lets it.</summary>
internal sealed class CommitterDouble(LiveTable table) : IMessageQueue
{
    private readonly List<string> _seen = [];

    /// <summary>What was sent, also if the sender was not told, and also what the queue dropped as a repeat.</summary>
    public List<(string Body, QueueSendOptions Options)> Sent { get; } = [];

    /// <summary>Messages that the committer has not taken yet.</summary>
    public Queue<string> Waiting { get; } = new();

    /// <summary>What happens to the n-th send, from 1: an error before it, after it, or a refusal; null for none.</summary>
    public Func<int, string?> Fault { get; set; } = _ => null;

    /// <summary>True to apply each message as soon as it is there.</summary>
    public bool IsQuick { get; set; }

    public string Name => "committer.fifo";

    public Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default)
    {
        Sent.Add((body, options!));
        string? fault = Fault(Sent.Count);
        if (fault is "refused")
        {
            throw new QueueException(Name, "No permission for sqs:SendMessage on the queue 'committer.fifo'.") { IsRefusal = true };
        }

        if (fault != "before" && !_seen.Contains(options!.DeduplicationId!))
        {
            _seen.Add(options.DeduplicationId!);
            Waiting.Enqueue(body);
            if (IsQuick)
            {
                ApplyNext();
            }
        }

        return fault is null ? Task.FromResult($"message-{Sent.Count}") : throw new QueueException(Name, "The queue did not answer.") { IsRetryable = true };
    }

    /// <summary>The committer takes one message: its transaction as it stands, or its key, becomes the next entry.</summary>
    public void ApplyNext()
    {
        var message = JsonDocument.Parse(Waiting.Dequeue()).RootElement;
        Assert.Equal(LiveTable.TableId, message.GetProperty("tableId").GetString());
        long next = table.Numbers().DefaultIfEmpty(0).Max() + 1;
        string type = message.GetProperty("transactionType").GetString()!;
        if (message.TryGetProperty("bodyKey", out var key))
        {
            table.PutOutside(LiveTable.FilesLog, next, type, null, bodyKey: key.GetString());
        }
        else
        {
            table.PutOutside(LiveTable.FilesLog, next, type, message.GetProperty("transaction").GetRawText());
        }
    }

    public Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> CountAsync(CancellationToken cancellationToken = default) => Task.FromResult((long)Waiting.Count);

    public Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
