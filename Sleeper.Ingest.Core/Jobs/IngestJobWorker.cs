using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Takes jobs from a queue and ingests their files, each job once, until it is stopped.</summary>
/// <remarks>
/// <code>
/// receive → read, find the table → ask the table's ledger → find the files, read their footers → started → rows → commit → finished → delete the message
///              rejected: dead letters        done: delete       rejected: dead letters       failed: by kind
/// </code>
/// <list type="bullet">
/// <item><b>Exactly once.</b> The ingest's id is made of the message's id and the job's. Whoever runs the message again, in whatever process, finds it committed in the
/// table's ledger, or commits it.</item>
/// <item><b>Rejected</b>: not a job, no such table, missing paths, files that do not fit. Recorded with all reasons, set aside, not tried again.</item>
/// <item><b>Failed, and will fail again</b> (damaged file, bad rows): given back with a growing delay until the queue's number of receives is used up, then set
/// aside.</item>
/// <item><b>Failed, and may pass</b>: tried again here with a growing delay, then given back. Where another receive would mean the dead letters, giving back is sending a
/// copy, which is the same run, and then deleting the original.</item>
/// <item><b>Disk full, permission missing</b>: the worker says so, takes no jobs, tries again now and then, and goes on when it can.</item>
/// <item><b>Stopped</b>: no new job; running ones have a grace time, then are given back at once.</item>
/// </list>
/// Nothing that a job does ends the worker.
/// </remarks>
public sealed class IngestJobWorker
{
    private static readonly TimeSpan ForgetPeriod = TimeSpan.FromDays(1);
    private static readonly TimeSpan FirstReceiveDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestReceiveDelay = TimeSpan.FromMinutes(1);

    private readonly IngestJobWorkerOptions _options;
    private readonly IMessageQueue _queue;
    private readonly ILogger _logger;
    private readonly JobRunner _runner;
    private readonly MessageEnds _ends;
    private readonly WorkerPause _pause = new();
    private readonly Lock _counting = new();
    private int _jobCount;
    private long _rowsRead;
    private long _rowsWritten;
    private TimeSpan _timeOnJobs;

    /// <summary>Makes a worker. It does nothing before it is run.</summary>
    /// <exception cref="ArgumentException">Some settings are missing or out of their range: all of them are named.</exception>
    public IngestJobWorker(IngestJobWorkerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = options.FindFaults();
        if (faults.Count > 0)
        {
            throw new ArgumentException($"The settings of the worker are wrong: {string.Join(' ', faults)}", nameof(options));
        }

        _options = options;
        _queue = options.Queue!;
        _logger = options.LoggerFactory.CreateLogger("Sleeper.Ingest.Core.Jobs");
        TaskId = options.TaskId ?? SystemRandom.Uuid();
        _runner = new JobRunner(options, TaskId, _logger);
        _ends = new MessageEnds(options, _logger);
    }

    /// <summary>What the worker is called in records.</summary>
    public string TaskId { get; }

    /// <summary>Works until it is stopped, or, if it shall stop when the queue is empty, until then.</summary>
    /// <param name="stoppingToken">Stops it: no new job is taken, running ones have the grace time.</param>
    /// <exception cref="QueueException">It shall stop when the queue is empty, and the queue cannot be used.</exception>
    public async Task RunAsync(CancellationToken stoppingToken = default)
    {
        var startTime = _options.Clock.GetUtcNow();
        JobLog.Started(_logger, TaskId, _queue.Name, _options.MaxConcurrentJobs);
        await TellTrackerAsync(new IngestTaskUpdate { TaskId = TaskId, StartTime = startTime, UpdateTime = startTime }).ConfigureAwait(false);
        using var abort = new CancellationTokenSource();
        using var grace = _options.Clock.CreateTimer(_ => abort.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var stop = stoppingToken.Register(() =>
        {
            JobLog.Stopping(_logger, _options.GracePeriod);
            grace.Change(_options.GracePeriod, Timeout.InfiniteTimeSpan);
        });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var forgetting = ForgetOldRecordsAsync(ended.Token);
        await _ends.ReadPolicyAsync(stoppingToken).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, _options.MaxConcurrentJobs).Select(_ => RunSlotAsync(stoppingToken, abort.Token))).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await forgetting.ConfigureAwait(false);
            await TellTrackerAsync(EndOf(startTime)).ConfigureAwait(false);
            JobLog.Ended(_logger, TaskId, _jobCount, _rowsWritten);
        }
    }

    private async Task RunSlotAsync(CancellationToken stoppingToken, CancellationToken abortToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _pause.WaitAsync(stoppingToken).ConfigureAwait(false);
                var message = await ReceiveAsync(stoppingToken).ConfigureAwait(false);
                if (message is not null)
                {
                    await WorkOffAsync(message, stoppingToken, abortToken).ConfigureAwait(false);
                }
                else if (_options.StopsWhenEmpty)
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A fault of this worker's own must not end it; the message comes again when its lease has run out.
            catch (Exception e) when (e is not QueueException)
#pragma warning restore CA1031
            {
                JobLog.WorkFailed(_logger, TaskId, e);
            }
        }
    }

    /// <summary>The next message; null if none came. A queue that fails is asked again, with growing delays.</summary>
    private async Task<QueueMessage?> ReceiveAsync(CancellationToken stoppingToken)
    {
        string? logged = null;
        for (var delay = FirstReceiveDelay; ; delay = Shorter(delay * 2, LongestReceiveDelay))
        {
            try
            {
                return await _queue.ReceiveAsync(_options.ReceiveWait, _options.Lease, stoppingToken).ConfigureAwait(false);
            }
            catch (QueueException e) when (_options.StopsWhenEmpty && !e.IsRetryable)
            {
                throw;
            }
#pragma warning disable CA1031 // Whatever a queue throws, it may be better later.
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                if (logged != e.Message)
                {
                    logged = e.Message;
                    JobLog.ReceiveFailed(_logger, _queue.Name, e);
                }
            }

            await Task.Delay(delay, _options.Clock, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task WorkOffAsync(QueueMessage message, CancellationToken stoppingToken, CancellationToken abortToken)
    {
        var lease = new JobLease(_queue, message, _options, _logger);
        await using (lease.ConfigureAwait(false))
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(abortToken, lease.Lost);
            bool isPausing = false;
            try
            {
                if (_ends.IsReceivedTooOften(message))
                {
                    await _ends.EndAsync(message, lease, await _runner.GiveUpAsync(message, ends.Token).ConfigureAwait(false)).ConfigureAwait(false);
                    return;
                }

                string? openRun = null;
                string? logged = null;
                long? pausedAt = null;
                for (int attempt = 1; ; attempt++)
                {
                    (var outcome, openRun) = await _runner.RunAsync(message, lease, isFirstTry: attempt == 1, openRun, ends.Token).ConfigureAwait(false);
                    if (outcome is not JobOutcome.Failed failed)
                    {
                        Count(outcome);
                        await _ends.EndAsync(message, lease, outcome).ConfigureAwait(false);
                        return;
                    }

                    var (kind, error) = failed.Failure;
                    if (kind == JobFailureKind.Environment)
                    {
                        pausedAt ??= _options.Clock.GetTimestamp();
                        if (!isPausing)
                        {
                            isPausing = true;
                            _pause.Enter();
                        }
                    }

                    bool goesOn = kind switch
                    {
                        JobFailureKind.Lasting => false,
                        JobFailureKind.Environment => _options.Clock.GetElapsedTime(pausedAt!.Value) < _options.MaxPause,
                        _ => attempt < _options.MaxAttempts,
                    };
                    if (!goesOn || stoppingToken.IsCancellationRequested)
                    {
                        await _ends.GiveBackAsync(message, lease, failed.Failure, attempt, stoppingToken.IsCancellationRequested).ConfigureAwait(false);
                        return;
                    }

                    var delay = _ends.DelayOf(attempt);
                    LogOnce(ref logged, message, kind, delay, error);
                    await WaitAsync(delay, stoppingToken, ends.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (ends.IsCancellationRequested)
            {
                await _ends.EndAsync(message, lease, new JobOutcome.Cancelled()).ConfigureAwait(false);
            }
            finally
            {
                if (isPausing && _pause.Leave())
                {
                    JobLog.Resumed(_logger);
                }
            }
        }
    }

    private void LogOnce(ref string? logged, QueueMessage message, JobFailureKind kind, TimeSpan delay, Exception error)
    {
        // By its type: messages name attempts, and so differ each time.
        string reason = $"{kind} {error.GetType()}";
        if (logged == reason)
        {
            return;
        }

        logged = reason;
        if (kind == JobFailureKind.Environment)
        {
            JobLog.Paused(_logger, delay, error.Message, error);
        }
        else
        {
            JobLog.TriedAgain(_logger, message.Id, _options.MaxAttempts, delay, error.Message, error);
        }
    }

    /// <summary>Waits, but not beyond the moment at which the worker is stopped: a job that waits has nothing to finish.</summary>
    private async Task WaitAsync(TimeSpan delay, CancellationToken stoppingToken, CancellationToken endToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, endToken);
        try
        {
            await Task.Delay(delay, _options.Clock, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!endToken.IsCancellationRequested)
        {
            // One more try within the grace time, and then it is given back.
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private void Count(JobOutcome outcome)
    {
        if (outcome is not JobOutcome.Done done)
        {
            return;
        }

        lock (_counting)
        {
            _jobCount++;
            _rowsRead += done.RowsRead;
            _rowsWritten += done.RowsWritten;
            _timeOnJobs += done.Time;
        }
    }

    private IngestTaskUpdate EndOf(DateTimeOffset startTime)
    {
        var now = _options.Clock.GetUtcNow();
        lock (_counting)
        {
            return new IngestTaskUpdate
            {
                TaskId = TaskId,
                StartTime = startTime,
                UpdateTime = now,
                FinishTime = now,
                JobCount = _jobCount,
                RowsRead = _rowsRead,
                RowsWritten = _rowsWritten,
                TimeOnJobs = _timeOnJobs,
            };
        }
    }

    /// <summary>Has the tracker remove what is old, at once and then once a day.</summary>
    private async Task ForgetOldRecordsAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _options.Tracker.ForgetOldAsync(cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A tracker that fails fails no worker.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    JobLog.ForgetFailed(_logger, e);
                }
            }

            await Task.Delay(ForgetPeriod, _options.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellTrackerAsync(IngestTaskUpdate update)
    {
        try
        {
            await _options.Tracker.AddAsync(update).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A tracker decides nothing.
        catch (Exception e)
#pragma warning restore CA1031
        {
            JobLog.TrackerFailed(_logger, update.FinishTime is null ? "the task's start" : "the task's end", TaskId, e);
        }
    }
}
