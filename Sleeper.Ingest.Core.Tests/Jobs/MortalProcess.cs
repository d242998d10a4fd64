using System.Runtime.CompilerServices;
using Sleeper.Ingest.Core.Jobs;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Tests.Jobs;

/// <summary>
/// What a process does to the world, step by step: requests, calls of its queue and of its tracker. At one of them it dies: that step has no effect, or has it without
/// the process hearing of it, and none after it has any. It hangs then, until it is buried.
/// </summary>
internal sealed class MortalProcess(int diesAt = 0, bool withEffect = false)
{
    private readonly Lock _lock = new();
    private readonly List<string> _steps = [];
    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _buried = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when it dies.</summary>
    public Task Died => _died.Task;

    /// <summary>All that it did, the last step before its death included.</summary>
    public IReadOnlyList<string> Steps
    {
        get
        {
            lock (_lock)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Lets what hangs end, without effect.</summary>
    public void Bury() => _buried.TrySetResult();

    public async Task<T> StepAsync<T>(string name, Func<Task<T>> step)
    {
        bool isLast, isAfterDeath;
        lock (_lock)
        {
            isAfterDeath = diesAt > 0 && _steps.Count >= diesAt;
            if (!isAfterDeath)
            {
                _steps.Add(name);
            }

            isLast = !isAfterDeath && _steps.Count == diesAt;
        }

        if (isAfterDeath || (isLast && !withEffect))
        {
            return await DieAsync<T>();
        }

        var result = await step();
        return isLast ? await DieAsync<T>() : result;
    }

    private async Task<T> DieAsync<T>()
    {
        _died.TrySetResult();
        await _buried.Task;
        throw new HttpRequestException("The process is dead.");
    }

    public HttpMessageHandler Handler(HttpMessageHandler inner) => new HttpSteps(this, inner);

    public IMessageQueue Queue(IMessageQueue inner) => new QueueSteps(this, inner);

    public IJobTracker Tracker(IJobTracker inner) => new TrackerSteps(this, inner);

    private Task<bool> StepAsync(string name, Func<Task> step) => StepAsync(name, async () =>
    {
        await step();
        return true;
    });

    private sealed class HttpSteps(MortalProcess process, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string name = request.Headers.TryGetValues("X-Amz-Target", out var targets)
                ? targets.Single()
                : $"{request.Method} {Path.GetExtension(request.RequestUri!.AbsolutePath)}";
            return process.StepAsync(name, () => base.SendAsync(request, cancellationToken));
        }
    }

    private sealed class QueueSteps(MortalProcess process, IMessageQueue inner) : IMessageQueue
    {
        public string Name => inner.Name;

        public Task<string> SendAsync(string body, QueueSendOptions? options = null, CancellationToken cancellationToken = default) =>
            process.StepAsync("send", () => inner.SendAsync(body, options, cancellationToken));

        public Task<QueueMessage?> ReceiveAsync(TimeSpan wait, TimeSpan lease, CancellationToken cancellationToken = default) =>
            process.StepAsync("receive", () => inner.ReceiveAsync(wait, lease, cancellationToken));

        public Task<bool> KeepAsync(QueueMessage message, TimeSpan lease, CancellationToken cancellationToken = default) =>
            process.StepAsync("keep", () => inner.KeepAsync(message, lease, cancellationToken));

        public Task DeleteAsync(QueueMessage message, CancellationToken cancellationToken = default) =>
            process.StepAsync("delete", () => inner.DeleteAsync(message, cancellationToken));

        public Task GiveBackAsync(QueueMessage message, TimeSpan delay, string? reason = null, CancellationToken cancellationToken = default) =>
            process.StepAsync("give-back", () => inner.GiveBackAsync(message, delay, reason, cancellationToken));

        public Task SetAsideAsync(QueueMessage message, string reason, CancellationToken cancellationToken = default) =>
            process.StepAsync("set-aside", () => inner.SetAsideAsync(message, reason, cancellationToken));

        public Task<long> CountAsync(CancellationToken cancellationToken = default) => inner.CountAsync(cancellationToken);

        public Task<QueuePolicy> GetPolicyAsync(CancellationToken cancellationToken = default) => inner.GetPolicyAsync(cancellationToken);
    }

    private sealed class TrackerSteps(MortalProcess process, IJobTracker inner) : IJobTracker
    {
        public Task AddAsync(JobUpdate update, CancellationToken cancellationToken = default) =>
            update is JobProgress ? Task.CompletedTask : process.StepAsync($"tell {update.GetType().Name}", () => inner.AddAsync(update, cancellationToken));

        public Task AddAsync(IngestTaskUpdate update, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public IAsyncEnumerable<JobUpdate> ReadJobAsync(string jobId, CancellationToken cancellationToken = default) =>
            ReadAsync("ask for a job", () => inner.ReadJobAsync(jobId, cancellationToken), cancellationToken);

        public IAsyncEnumerable<JobUpdate> ReadTableAsync(string? tableId, CancellationToken cancellationToken = default) => inner.ReadTableAsync(tableId, cancellationToken);

        public IAsyncEnumerable<JobUpdate> ReadRejectedAsync(CancellationToken cancellationToken = default) => inner.ReadRejectedAsync(cancellationToken);

        public IAsyncEnumerable<IngestTaskUpdate> ReadTasksAsync(CancellationToken cancellationToken = default) => inner.ReadTasksAsync(cancellationToken);

        public Task<int> ForgetOldAsync(CancellationToken cancellationToken = default) => Task.FromResult(0);

        private async IAsyncEnumerable<JobUpdate> ReadAsync(
            string name, Func<IAsyncEnumerable<JobUpdate>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var update in await process.StepAsync(name, () => read().ToListAsync(cancellationToken).AsTask()))
            {
                yield return update;
            }
        }
    }
}
