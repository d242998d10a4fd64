using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What becomes of a message when a try at its job has ended: deleted, given back, or set aside.</summary>
/// <remarks>
/// A queue with dead letters says how often a message may come. Where one more receive would be its end, giving it back is sending a copy, which is the same run, and then
/// deleting the original. A queue without dead letters lets messages come for ever; there the worker counts, and deletes what has come too often, with its text in the log.
/// What cannot be done comes again when its lease has run out.
/// </remarks>
internal sealed class MessageEnds(IngestJobWorkerOptions options, ILogger logger)
{
    private const int MaxCopies = 10;
    private const int MaxLoggedBody = 8_000;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    private readonly IMessageQueue _queue = options.Queue!;

    // A receive that reaches these is the last of a job that fails again whoever tries, of one that may succeed, and of any message.
    private int _lastingReceives;
    private int _passingReceives;
    private int _receivesUntilDeath;
    private bool _discards;

    /// <summary>Finds out what the queue does with messages that come back. To be called before all others.</summary>
    public async Task ReadPolicyAsync(CancellationToken cancellationToken)
    {
        QueuePolicy policy;
        try
        {
            policy = await _queue.GetPolicyAsync(cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Not knowing it costs copies of messages, not jobs.
        catch (Exception e)
#pragma warning restore CA1031
        {
            JobLog.PolicyUnknown(logger, _queue.Name, e);
            policy = new QueuePolicy(1, "unknown"); // as Sleeper's queues have it
        }

        _discards = policy.DeadLetters is null;
        _lastingReceives = policy.MaxReceiveCount ?? options.MaxReceiveCount;
        _receivesUntilDeath = policy.MaxReceiveCount ?? int.MaxValue;
        _passingReceives = policy.MaxReceiveCount is null ? options.MaxReceiveCount + MaxCopies : int.MaxValue;
    }

    /// <summary>True if a message came so often that whoever takes it seems to die of it, and the queue has no other end for it.</summary>
    public bool IsReceivedTooOften(QueueMessage message) => message.ReceiveCount > _passingReceives;

    /// <summary>Ends a message whose job is done, rejected or called back.</summary>
    public async Task EndAsync(QueueMessage message, JobLease lease, JobOutcome outcome)
    {
        switch (outcome)
        {
            case JobOutcome.Done:
                await DeleteAsync(message).ConfigureAwait(false);
                break;
            case JobOutcome.Rejected rejected:
                await SetAsideAsync(message, string.Join('\n', rejected.Reasons)).ConfigureAwait(false);
                break;
            default:
                if (!lease.IsLost)
                {
                    await ReturnAsync(message, TimeSpan.Zero, "The worker was stopped.", isFailure: false).ConfigureAwait(false);
                }

                break;
        }
    }

    /// <summary>Lets a message come again whose job failed, or ends it when it has come often enough.</summary>
    public async Task GiveBackAsync(QueueMessage message, JobLease lease, JobFailure failure, int attempt, bool isStopping)
    {
        if (lease.IsLost)
        {
            return;
        }

        string reason = string.Join(" / ", JobFailure.ReasonsOf(failure.Error));
        int most = failure.Kind == JobFailureKind.Lasting ? _lastingReceives : _passingReceives;
        if (message.ReceiveCount >= most)
        {
            JobLog.SetAside(logger, message.Id, message.ReceiveCount, failure.Error);
            await SetAsideAsync(message, reason).ConfigureAwait(false);
            return;
        }

        var delay = isStopping && failure.Kind != JobFailureKind.Lasting ? TimeSpan.Zero : DelayOf(attempt + message.ReceiveCount);
        JobLog.GivenBack(logger, message.Id, message.ReceiveCount, delay, failure.Error);
        await ReturnAsync(message, delay, reason, isFailure: true).ConfigureAwait(false);
    }

    /// <summary>A growing delay, spread by chance.</summary>
    public TimeSpan DelayOf(int attempt)
    {
        var delay = options.RetryDelay * Math.Pow(2, Math.Min(attempt - 1, 20));
        return (delay < LongestDelay ? delay : LongestDelay) * (0.5 + (SystemRandom.Next() % 1024 / 2048.0));
    }

    /// <summary>Lets the message be received again. Where that would be its end, a copy is sent, which is the same run, and then the original is deleted.</summary>
    private async Task ReturnAsync(QueueMessage message, TimeSpan delay, string reason, bool isFailure)
    {
        if (message.ReceiveCount < _receivesUntilDeath)
        {
            await TryAsync(message, () => _queue.GiveBackAsync(message, delay, reason)).ConfigureAwait(false);
            return;
        }

        var read = JobMessageReader.Read(message.Body);
        if (read.Error is not null || (isFailure && read.Copies >= MaxCopies))
        {
            await SetAsideAsync(message, reason).ConfigureAwait(false);
            return;
        }

        var copy = read.ToMessage() with { FirstMessageId = read.FirstMessageId ?? message.Id, Copies = read.Copies + (isFailure ? 1 : 0) };
        await TryAsync(message, async () =>
        {
            await _queue.SendAsync(copy.ToJson(), new QueueSendOptions { Delay = delay, GroupId = message.GroupId, DeduplicationId = null }).ConfigureAwait(false);
            await _queue.DeleteAsync(message).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private Task SetAsideAsync(QueueMessage message, string reason)
    {
        if (_discards)
        {
            string body = message.Body ?? "";
            JobLog.Discarded(logger, message.Id, _queue.Name, body.Length <= MaxLoggedBody ? body : body[..MaxLoggedBody] + "...", reason);
        }

        return TryAsync(message, () => _queue.SetAsideAsync(message, reason));
    }

    /// <summary>A message that stays comes again and is found done, so this fails no job.</summary>
    private async Task DeleteAsync(QueueMessage message)
    {
        const int Attempts = 3;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await _queue.DeleteAsync(message).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // The job is done, whatever the queue says.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (attempt == Attempts)
                {
                    JobLog.DeleteFailed(logger, message.Id, e);
                    return;
                }
            }

            await Task.Delay(DelayOf(attempt), options.Clock).ConfigureAwait(false);
        }
    }

    private async Task TryAsync(QueueMessage message, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The message comes again when its lease has run out.
        catch (Exception e)
#pragma warning restore CA1031
        {
            JobLog.GiveBackFailed(logger, message.Id, e);
        }
    }
}
