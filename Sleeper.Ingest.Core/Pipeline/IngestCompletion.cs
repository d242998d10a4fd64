using System.Collections.Concurrent;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The last part of an ingest: data files are written, made durable and committed, or removed again.</summary>
/// <remarks>
/// Order: intent, data files and sketches, sync, entry in the log. On a failure that is certain, every object that was announced is removed
/// under a token of its own, then the attempt is closed. If it is not known how the commit ended, everything stays.
/// </remarks>
internal sealed class IngestCompletion(IngestTarget target, IngestPipeline pipeline, ProgressMeter meter)
{
    private readonly ConcurrentQueue<string> _announced = new();

    /// <summary>No rows: nothing was written, nothing is recorded.</summary>
    public IngestResult Nothing() => new() { IngestId = target.IngestId, Outcome = IngestOutcome.NothingToCommit };

    /// <summary>The first run's result.</summary>
    public IngestResult AlreadyCommitted(CommitResult earlier) => ToResult(earlier, IngestOutcome.AlreadyCommitted);

    public async Task<IngestResult> RunAsync(CancellationToken cancellationToken)
    {
        var attempt = await target.StateStore.BeginAttemptAsync(target.IngestId, cancellationToken).ConfigureAwait(false);
        if (attempt.Committed is { } earlier)
        {
            return AlreadyCommitted(earlier);
        }

        try
        {
            return await WriteAndCommitAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (CommitOutcomeUnknownException)
        {
            throw;
        }
        catch (Exception)
        {
            await RemoveObjectsAsync().ConfigureAwait(false);
            await AbandonAsync(attempt).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<IngestResult> WriteAndCommitAsync(IngestAttempt attempt, CancellationToken cancellationToken)
    {
        var clock = target.Clock;
        long start = clock.GetTimestamp();
        var barrier = await target.Store.OpenBarrierAsync(cancellationToken).ConfigureAwait(false);
        await using (barrier.ConfigureAwait(false))
        {
            var places = new FilePlaces(
                target.Store,
                (partitionId, number) => target.NameDataFile(partitionId, attempt.FileNamePrefix, number),
                target.PathInStore,
                _announced.Enqueue);
            var files = await pipeline.WriteFilesAsync(places, cancellationToken).ConfigureAwait(false);
            var writing = clock.GetElapsedTime(start);

            meter.Enter(IngestStage.Committing);
            start = clock.GetTimestamp();
            await barrier.FlushAsync(_announced, cancellationToken).ConfigureAwait(false);
            var syncing = clock.GetElapsedTime(start);

            start = clock.GetTimestamp();
            var commit = new IngestCommit(files, pipeline.RowCount, pipeline.PlannedOnPartitions, pipeline.Digest);
            var committed = await target.StateStore.CommitAsync(attempt, commit, cancellationToken).ConfigureAwait(false);
            var committing = clock.GetElapsedTime(start);
            if (committed.AlreadyCommitted)
            {
                await RemoveObjectsAsync().ConfigureAwait(false);
                return AlreadyCommitted(committed);
            }

            var result = ToResult(committed, IngestOutcome.Committed) with { Times = new IngestTimes(default, writing, syncing, committing) };
            PipelineLog.Committed(target.Logger, target.IngestId, result.CommitNumber, result.RowCount, result.Files.Count, result.OutputBytes);
            return result;
        }
    }

    private IngestResult ToResult(CommitResult commit, IngestOutcome outcome) => new()
    {
        IngestId = target.IngestId,
        Outcome = outcome,
        CommitNumber = commit.TransactionNumber,
        RowCount = commit.RowCount,
        Files = commit.Files,
        OutputBytes = commit.Files.Sum(f => f.LengthBytes),
    };

    private async Task RemoveObjectsAsync()
    {
        foreach (string path in _announced)
        {
            try
            {
                await target.Store.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A failure while cleaning up must not hide the first one; the object is named in the log.
            catch (Exception error)
#pragma warning restore CA1031
            {
                PipelineLog.ObjectLeft(target.Logger, path, target.IngestId, error);
            }
        }
    }

    private async Task AbandonAsync(IngestAttempt attempt)
    {
        try
        {
            await target.StateStore.AbandonAsync(attempt, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception error)
#pragma warning restore CA1031
        {
            PipelineLog.CleanUpFailed(target.Logger, target.IngestId, error);
        }
    }
}
