using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Diagnostics;
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
    /// <param name="openRun">The run that an earlier try left open because its end is not known; otherwise null. Set if this try leaves one.</param>
    /// <param name="cancellationToken">Calls the job back; cancelled too when the lease is lost.</param>
    public async Task<(JobOutcome Outcome, string? OpenRun)> RunAsync(QueueMessage message, JobLease lease, string? openRun, CancellationToken cancellationToken)
    {
        JobRecords? records = null;
        bool isStarted = openRun is not null;
        try
        {
            var read = await _validation.ReadAsync(message, cancellationToken).ConfigureAwait(false);
            records = new JobRecords(options.Tracker, read, openRun ?? SystemRandom.Uuid(), taskId, options.Clock, logger);
            if (read.Faults.Count > 0)
            {
                return (await RejectAsync(message, read, records, read.Faults, []).ConfigureAwait(false), null);
            }

            return (await IngestAsync(message, read, lease, records, () => isStarted = true, isStarted, cancellationToken).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (isStarted)
            {
                await records!.FailedAsync([lease.IsLost ? "The lease of the message was lost" : "The worker was stopped before the job was done"]).ConfigureAwait(false);
            }

            return (new JobOutcome.Cancelled(), null);
        }
#pragma warning disable CA1031 // One job must not end the worker, whatever it throws.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var failure = JobFailure.Of(e);
            if (failure.Kind == JobFailureKind.OutcomeUnknown && isStarted)
            {
                return (new JobOutcome.Failed(failure), records!.RunId);
            }

            if (records is not null && (isStarted || failure.Kind == JobFailureKind.Lasting))
            {
                await records.FailedAsync(JobFailure.ReasonsOf(e)).ConfigureAwait(false);
            }

            return (new JobOutcome.Failed(failure), null);
        }
    }

    private async Task<JobOutcome> IngestAsync(
        QueueMessage message, ReadMessage read, JobLease lease, JobRecords records, Action onStarted, bool isStarted, CancellationToken cancellationToken)
    {
        var startTime = options.Clock.GetUtcNow();
        long began = options.Clock.GetTimestamp();
        var progress = new JobProgressSender(records, options.ProgressPeriod, options.Clock);
        await using (progress.ConfigureAwait(false))
        {
            var factory = _factories.GetOrAdd(read.Table!.Id, _ => FactoryOf(read.Table));
            var writer = await factory.OpenForAsync(read.IngestId, progress, cancellationToken).ConfigureAwait(false);
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

                if (!isStarted)
                {
                    onStarted();
                    JobLog.JobStarted(logger, job.Id, records.RunId, job.Files.Count, job.RowCount, job.Table.Name, job.DuplicateCount);
                    await records.StartedAsync(startTime, job.Files.Count, job.RowCount, job.DuplicateCount).ConfigureAwait(false);
                }

                foreach (var file in job.Files)
                {
                    await writer.WriteParquetAsync(file.Store, file.Path, cancellationToken).ConfigureAwait(false);
                }

                await lease.RequireAsync(cancellationToken).ConfigureAwait(false);
                var result = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
                JobLog.JobFinished(logger, job.Id, result.RowCount, FileCount(result), result.Outcome);
                await progress.DisposeAsync().ConfigureAwait(false); // no progress comes after the end

                // Another run of the same ingest may have been faster: then this one put nothing into the table. A run that was open is its own earlier try.
                bool isOurs = result.Outcome != IngestOutcome.AlreadyCommitted || isStarted;
                await records.FinishedAsync(records.RunId, writer.RowCount, isOurs ? result.RowCount : 0, isOurs ? FileCount(result) : 0).ConfigureAwait(false);
                return new JobOutcome.Done(writer.RowCount, isOurs ? result.RowCount : 0, options.Clock.GetElapsedTime(began));
            }
        }
    }

    /// <summary>
    /// The records of a run that had committed and died before it could say so are brought to their end; those that are complete stay. Where the tracker does not keep
    /// which message a run was for, this is a run of its own.
    /// </summary>
    private static async Task RecordFoundAsync(JobRecords records, ReadMessage read, IngestResult first, DateTimeOffset now)
    {
        var job = await records.FindAsync().ConfigureAwait(false);
        var ofMessage = job?.Runs.Where(r => r.MessageId == read.MessageId).ToList() ?? [];
        if (ofMessage.Any(r => r.State == JobState.Finished) || (read.Content.Once && job?.State == JobState.Finished))
        {
            return;
        }

        string ofRun = records.RunId;
        if (ofMessage.Find(r => r.State is JobState.InProgress or JobState.Uncommitted && r.RunId is not null) is { } open)
        {
            ofRun = open.RunId!;
        }
        else
        {
            await records.StartedAsync(now, read.Content.Files?.Count ?? 0, first.RowCount, 0).ConfigureAwait(false);
        }

        await records.FinishedAsync(ofRun, first.RowCount, first.RowCount, FileCount(first)).ConfigureAwait(false);
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
        var factory = IngestFactory.Create();
        if (options.MaxConcurrentJobs > 1)
        {
            factory = factory
                .WithMemoryBudget(Math.Max(LeastMemoryBytes, new IngestOptions().MemoryBudgetBytes / options.MaxConcurrentJobs))
                .WithDegreeOfParallelism(Math.Max(1, Environment.ProcessorCount / options.MaxConcurrentJobs));
        }

        return table.Open((options.ConfigureIngest?.Invoke(factory) ?? factory).UseLoggerFactory(options.LoggerFactory));
    }
}
