using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Pipeline;
using Sleeper.Ingest.Core.Queues;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>One try at one message: read, look at, ingest, record. What becomes of the message is the worker's business.</summary>
internal sealed class JobRunner(IngestJobWorkerOptions options, string taskId, ILogger logger)
{
    private const long LeastMemoryBytes = 16L << 20;

    private readonly JobValidation _validation = new(options.Tables!, options.Inputs);
    private readonly ConcurrentDictionary<string, IngestFactory> _factories = new(StringComparer.Ordinal);

    /// <param name="message">The message.</param>
    /// <param name="lease">Its lease: looked at before the commit.</param>
    /// <param name="isFirstTry">True for the first try since the message was received: then the tracker may know of others before.</param>
    /// <param name="openRun">The run that an earlier try left open because its end is not known; otherwise null. Set if this try leaves one.</param>
    /// <param name="cancellationToken">Calls the job back; cancelled too when the lease is lost.</param>
    public async Task<(JobOutcome Outcome, string? OpenRun)> RunAsync(
        QueueMessage message, JobLease lease, bool isFirstTry, string? openRun, CancellationToken cancellationToken)
    {
        JobRecords? records = null;
        try
        {
            var read = await _validation.ReadAsync(message, cancellationToken).ConfigureAwait(false);
            records = new JobRecords(options.Tracker, read, taskId, options.Clock, logger);
            if (read.Faults.Count > 0)
            {
                return (await RejectAsync(message, read, records, read.Faults, []).ConfigureAwait(false), null);
            }

            if (openRun is not null)
            {
                records.GoOnWith(openRun);
            }
            else if (isFirstTry && (message.ReceiveCount > 1 || read.Content.Once || read.Content.FirstMessageId is not null) && await IsKnownAsDoneAsync(records).ConfigureAwait(false))
            {
                JobLog.FoundDone(logger, read.JobId, message.Id);
                return (new JobOutcome.Done(0, 0, TimeSpan.Zero), null);
            }

            return (await IngestAsync(message, read, lease, records, cancellationToken).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Who has the message now goes on with the run.
            if (!lease.IsLost && records is { IsStarted: true })
            {
                await records.FailedAsync(["The worker was stopped before the job was done"]).ConfigureAwait(false);
            }

            return (new JobOutcome.Cancelled(), null);
        }
#pragma warning disable CA1031 // One job must not end the worker, whatever it throws.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var failure = JobFailure.Of(e);
            if (failure.Kind == JobFailureKind.OutcomeUnknown && records is { IsStarted: true })
            {
                return (new JobOutcome.Failed(failure), records.RunId);
            }

            if (!lease.IsLost && records is not null && (records.IsStarted || failure.Kind == JobFailureKind.Lasting))
            {
                await records.FailedAsync(JobFailure.ReasonsOf(e)).ConfigureAwait(false);
            }

            return (new JobOutcome.Failed(failure), null);
        }
    }

    /// <summary>Ends a job whose message comes again and again without coming to an end, without trying it once more.</summary>
    public async Task<JobOutcome> GiveUpAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        string reason = $"The message was received {message.ReceiveCount} times, and no worker came to an end with it: it may be that they die of the job";
        var read = await _validation.ReadAsync(message, cancellationToken).ConfigureAwait(false);
        var records = new JobRecords(options.Tracker, read, taskId, options.Clock, logger);
        if (read.Faults.Count > 0)
        {
            return await RejectAsync(message, read, records, read.Faults, [reason]).ConfigureAwait(false);
        }

        records.GoOnWithOpenOne(await records.FindEarlierAsync().ConfigureAwait(false));
        await records.FailedAsync([reason]).ConfigureAwait(false);
        return new JobOutcome.Rejected([reason]);
    }

    /// <summary>
    /// Whether the tracker knows the ingest as done: a table may have forgotten it, once its files were compacted and its log was trimmed. If it does not, a run that came
    /// to no end, because its worker died or lost the message, goes on.
    /// </summary>
    private static async Task<bool> IsKnownAsDoneAsync(JobRecords records)
    {
        var earlier = await records.FindEarlierAsync().ConfigureAwait(false);
        if (earlier.Any(r => r.State == JobState.Finished))
        {
            return true;
        }

        records.GoOnWithOpenOne(earlier);
        return false;
    }

    private async Task<JobOutcome> IngestAsync(QueueMessage message, ReadMessage read, JobLease lease, JobRecords records, CancellationToken cancellationToken)
    {
        var startTime = options.Clock.GetUtcNow();
        long began = options.Clock.GetTimestamp();
        var progress = new JobProgressSender(records, options.ProgressPeriod, options.Clock);
        await using (progress.ConfigureAwait(false))
        {
            var factory = _factories.GetOrAdd(read.Table!.Id, _ => FactoryOf(read.Table));
            var writer = await factory.OpenForAsync(read.IngestId, records.Job, progress, cancellationToken).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                // The ledger is asked before the files: those of a job that is done may be gone.
                if (writer.IsAlreadyCommitted)
                {
                    var first = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                    JobLog.JobFinished(logger, read.JobId, first.RowCount, FileCount(first), first.Outcome);
                    await RecordFoundAsync(records, read, first, startTime).ConfigureAwait(false);
                    return new JobOutcome.Done(0, 0, TimeSpan.Zero);
                }

                var settings = factory.Build();
                var (job, reasons, details) = await _validation.LookAtFilesAsync(read, settings.ParquetMapping, settings.ParquetLimits, cancellationToken).ConfigureAwait(false);
                if (job is null)
                {
                    return await RejectAsync(message, read, records, reasons, details).ConfigureAwait(false);
                }

                bool goesOn = records.IsStarted;
                JobLog.JobStarted(logger, job.Id, records.RunId, job.Files.Count, job.RowCount, job.Table.Name, job.DuplicateCount);
                await records.StartedAsync(startTime, job.Files.Count, job.RowCount, job.DuplicateCount).ConfigureAwait(false);
                foreach (var file in job.Files)
                {
                    await writer.WriteParquetAsync(file.Store, file.Path, cancellationToken).ConfigureAwait(false);
                }

                await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
                var result = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                JobLog.JobFinished(logger, job.Id, result.RowCount, FileCount(result), result.Outcome);
                await progress.DisposeAsync().ConfigureAwait(false); // no progress comes after the end
                if (result is { Outcome: IngestOutcome.AlreadyCommitted, Job: null } && goesOn)
                {
                    // The run's own earlier try, or the worker that had it before.
                    await RecordFoundAsync(records, read, result, startTime).ConfigureAwait(false);
                    return new JobOutcome.Done(writer.RowCount, result.RowCount, options.Clock.GetElapsedTime(began));
                }

                // Where another run of the ingest was faster, this one put nothing into the table. Of files of a commit that names its run the instance tells; of none it hears nothing.
                bool isOurs = result.Job is { } named ? named.JobRunId == records.RunId : result.Outcome != IngestOutcome.AlreadyCommitted;
                bool tellsFiles = result.Job is null && !(result.Outcome == IngestOutcome.NothingToCommit && writer is IngestWriter { QueuesCommit: true });
                await records.FinishedAsync(writer.RowCount, isOurs ? result.RowCount : 0, isOurs ? FileCount(result) : 0, tellsFiles).ConfigureAwait(false);
                if (!isOurs && result.Job is not null)
                {
                    await RecordFoundAsync(records, read, result, startTime).ConfigureAwait(false);
                }

                return new JobOutcome.Done(writer.RowCount, isOurs ? result.RowCount : 0, options.Clock.GetElapsedTime(began));
            }
        }
    }

    /// <summary>
    /// The records of a run that committed and could not say so are brought to their end; those that are complete stay. Which run it was the commit may name. If nothing
    /// is known of it, this is a run of its own.
    /// </summary>
    private static async Task RecordFoundAsync(JobRecords records, ReadMessage read, IngestResult first, DateTimeOffset now)
    {
        var earlier = await records.FindEarlierAsync().ConfigureAwait(false);
        if (earlier.Any(r => first.Job is { } job ? r.RunId == job.JobRunId && r.Updates.Any(u => u is JobFinished) : r.State == JobState.Finished))
        {
            return;
        }

        if (first.Job is { } named)
        {
            records.GoOnWith(named.JobRunId);
        }
        else
        {
            records.GoOnWithOpenOne(earlier);
            await records.StartedAsync(now, read.Content.Files?.Count ?? 0, first.RowCount, 0).ConfigureAwait(false);
        }

        await records.FinishedAsync(first.RowCount, first.RowCount, FileCount(first), tellsFiles: first.Job is null).ConfigureAwait(false);
    }

    private static int FileCount(IngestResult result) => result.Files.Select(f => f.FileName).Distinct(StringComparer.Ordinal).Count();

    private async Task<JobOutcome> RejectAsync(
        QueueMessage message, ReadMessage read, JobRecords records, IReadOnlyList<string> reasons, IReadOnlyList<string> details)
    {
        JobLog.Rejected(logger, read.JobId, message.Id, string.Join("; ", reasons.Concat(details)));
        await records.RejectedAsync(message.Body, reasons, details).ConfigureAwait(false);
        return new JobOutcome.Rejected([.. reasons, .. details]);
    }

    private IngestFactory FactoryOf(JobTable table)
    {
        var factory = IngestFactory.Create().WithCommitMode(CommitMode.AsTableAsks);
        if (options.MaxConcurrentJobs > 1)
        {
            factory = factory
                .WithMemoryBudget(Math.Max(LeastMemoryBytes, new IngestOptions().MemoryBudgetBytes / options.MaxConcurrentJobs))
                .WithDegreeOfParallelism(Math.Max(1, Environment.ProcessorCount / options.MaxConcurrentJobs));
        }

        return table.Open((options.ConfigureIngest?.Invoke(factory) ?? factory).UseLoggerFactory(options.LoggerFactory));
    }
}
