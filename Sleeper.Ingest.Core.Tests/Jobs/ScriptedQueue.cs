using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>A queue whose calls go wrong as a test says, and which keeps what was asked.</summary>
internal sealed class ScriptedQueue(IMessageQueue inner) : IMessageQueue
{
    private readonly List<string> _calls = [];

    /// <summary>Called before each call but of policies, with its name ("send", "receive", "keep", "delete", "give-back", "set-aside", "count"): may throw.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>What keeping a lease answers; null for the queue's own answer.</summary>
    public bool? Keeps { get; set; }

    public QueuePolicy? Policy { get; set; }

    public List<TimeSpan> Delays { get; } = [];

    public List<string> Sent { get; } = [];

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_calls)
            {
                return [.. _calls];
            }
        }
    }

    public string Name => inner.Name;

    public Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default)
    {
        Enter("send");
        Sent.Add(body);
        Delays.Add(options?.Delay ?? TimeSpan.Zero);
        return inner.SendAsync(body, options is null ? null : options with { Delay = TimeSpan.Zero }, cancellationToken); // nobody has the time
    }

    public Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        Enter("receive");
        return inner.ReceiveAsync(wait, lease, cancellationToken);
    }

    public async Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default)
    {
        Enter("keep");
        return Keeps ?? await inner.KeepAsync(message, lease, cancellationToken);
    }

    public Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default)
    {
        Enter("delete");
        return inner.DeleteAsync(message, cancellationToken);
    }

    public Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default)
    {
        Enter("give-back");
        Delays.Add(delay);
        return inner.GiveBackAsync(message, TimeSpan.Zero, reason, cancellationToken);
    }

    public Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default)
    {
        Enter("set-aside");
        return inner.SetAsideAsync(message, reason, cancellationToken);
    }

    public Task<long> CountAsync(CancellationToken cancellationToken = default)
    {
        Enter("count");
        return inner.CountAsync(cancellationToken);
    }

    public async Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default) => Policy ?? await inner.GetPolicyAsync(cancellationToken);

    private void Enter(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }

        Before(call);
    }
}
