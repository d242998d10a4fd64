using System.Collections.Concurrent;
using Sleeper.Ingest.Core.Committing;
using Sleeper.Ingest.Core.ObjectStores;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>The last part of an ingest: the intent, data files and sketches, and what <see cref="FileCommitter"/> does with them.</summary>
/// <remarks>An error while files are written removes every object that was announced, under a token of its own, and closes the attempt.</remarks>
internal sealed class IngestCompletion
{
    private readonly IngestTarget _target;
    private readonly IngestPipeline _pipeline;
    private readonly ProgressMeter _meter;
    private readonly FileCommitter _committer;
    private readonly ConcurrentQueue<string> _objects = new();

    public IngestCompletion(IngestTarget target, IngestPipeline pipeline, ProgressMeter meter)
    {
        _target = target;
        _pipeline = pipeline;
        _meter = meter;
        _committer = new FileCommitter(
            target.StateStore, target.Store, (what, error) => PipelineLog.ObjectLeft(target.Logger, target.IngestId, what, error));
    }

    /// <summary>No rows: nothing was written, nothing is recorded.</summary>
    public IngestResult Nothing() => new() { IngestId = _target.IngestId, Outcome = IngestOutcome.NothingToCommit };

    /// <summary>The first run's result. One that is only queued is sent for again, if that is called for.</summary>
    /// <exception cref="CommitFailedException">It was queued when the rows were given, and was then called off: they were dropped and are needed again.</exception>
    public async Task<IngestResult> AlreadyCommittedAsync(CommitResult earlier, CancellationToken cancellationToken)
    {
        if (earlier.IsQueued)
        {
            var attempt = await _target.StateStore.BeginAttemptAsync(_target.IngestId, cancellationToken).ConfigureAwait(false);
            earlier = attempt.Committed ?? throw new CommitFailedException(
                $"Ingest '{_target.IngestId}' is not committed: an earlier run had queued its commit when this one was opened, and called it off since. Ingest the rows again.")
            {
                IsRetryable = true,
            };
        }

        return ToResult(earlier);
    }

    /// <summary>Writes the files and commits them.</summary>
    public async Task<IngestResult> RunAsync(CancellationToken cancellationToken)
    {
        long start = _target.Clock.GetTimestamp();
        var attempt = await (_target.BeginAttemptAsync ?? _target.StateStore.BeginAttemptAsync)(_target.IngestId, cancellationToken).ConfigureAwait(false);
        if (attempt.Committed is { } earlier)
        {
            return ToResult(earlier);
        }

        var barrier = new TimedBarrier(await OpenBarrierAsync(attempt, cancellationToken).ConfigureAwait(false), _target.Clock);
        await using (barrier.ConfigureAwait(false))
        {
            var files = await WriteFilesAsync(attempt, cancellationToken).ConfigureAwait(false);
            if (files.Count == 0)
            {
                await _committer.DiscardAsync(attempt, _objects).ConfigureAwait(false);
                return Nothing();
            }

            var writing = _target.Clock.GetElapsedTime(start);

            _meter.Enter(IngestStage.Committing);
            start = _target.Clock.GetTimestamp();
            var commit = new IngestCommit(files, files.Sum(f => f.References.Sum(r => r.RowCount)), _pipeline.PlannedOnPartitions, _pipeline.Digest);
            var outcome = await _committer.CommitAsync(attempt, commit, _objects, barrier, cancellationToken).ConfigureAwait(false);
            var committing = _target.Clock.GetElapsedTime(start) - barrier.Elapsed;
            var result = ToResult(outcome.Result!, outcome.End switch
            {
                CommitEnd.AlreadyCommitted => IngestOutcome.AlreadyCommitted,
                CommitEnd.Queued => IngestOutcome.Queued,
                _ => IngestOutcome.Committed,
            });
            if (result.Outcome == IngestOutcome.Queued)
            {
                PipelineLog.Queued(_target.Logger, _target.IngestId, result.RowCount, result.Files.Count, result.OutputBytes);
            }
            else
            {
                PipelineLog.Committed(_target.Logger, _target.IngestId, result.CommitNumber, result.RowCount, result.Files.Count, result.OutputBytes);
            }

            return result with { Times = new IngestTimes(default, writing, barrier.Elapsed, committing) };
        }
    }

    private async Task<IWriteBarrier> OpenBarrierAsync(IngestAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await _target.Store.OpenBarrierAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await _committer.DiscardAsync(attempt, _objects).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<IReadOnlyList<DataFile>> WriteFilesAsync(IngestAttempt attempt, CancellationToken cancellationToken)
    {
        var places = new FilePlaces(
            _target.Store,
            (partitionId, number) => _target.NameDataFile(partitionId, attempt.FileNamePrefix, number),
            _target.PathInStore,
            _objects.Enqueue);
        try
        {
            var heartbeat = new Heartbeat(_target, attempt);
            await using (heartbeat.ConfigureAwait(false))
            {
                return await _pipeline.WriteFilesAsync(places, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await _committer.DiscardAsync(attempt, _objects).ConfigureAwait(false);
            throw;
        }
    }

    private IngestResult ToResult(CommitResult earlier) => ToResult(earlier, earlier.IsQueued ? IngestOutcome.Queued : IngestOutcome.AlreadyCommitted);

    private IngestResult ToResult(CommitResult commit, IngestOutcome outcome) => new()
    {
        IngestId = _target.IngestId,
        Outcome = outcome,
        CommitNumber = commit.TransactionNumber,
        RowCount = commit.RowCount,
        Files = commit.Files,
        OutputBytes = commit.Files.Sum(f => f.LengthBytes),
        Job = commit.Job,
    };
}
