using Microsoft.Extensions.Logging;
using Sleeper.Ingest.Core.Diagnostics;
using Sleeper.Ingest.Core.StateStores;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Tells the tracker of one run. What it cannot tell is logged: a tracker that fails fails no job.</summary>
internal sealed class JobRecords(IJobTracker tracker, ReadMessage message, string taskId, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan[] Delays = [TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    // What the tracker knows of a run that goes on: its files are in the table; it is finished, and waits for its commit then.
    private bool _hasAddedFiles;
    private bool _hasFinished;

    /// <summary>The run; new unless it is one that went on.</summary>
    public string RunId { get; private set; } = message.Table is { } table ? JobRunIds.New(table.Id, message.IngestId) : SystemRandom.Uuid();

    /// <summary>The run, as its commit names it.</summary>
    public CommitJob Job => new(message.JobId, taskId, RunId);

    /// <summary>True once the tracker was told that the run began.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Goes on with a run that was begun and came to no end.</summary>
    public void GoOnWith(string runId)
    {
        RunId = runId;
        IsStarted = true;
    }

    /// <summary>What the tracker knows of earlier tries at the ingest; none if it cannot say.</summary>
    public async Task<IReadOnlyList<JobRun>> FindEarlierAsync()
    {
        try
        {
            var job = await new JobReports(tracker).FindAsync(message.JobId).ConfigureAwait(false);
            return job is null ? [] : [.. job.Runs.Where(r => JobRunIds.IsOf(r.RunId, message.Table!.Id, message.IngestId))];
        }
#pragma warning disable CA1031 // A tracker that fails fails no job.
        catch (Exception e)
#pragma warning restore CA1031
        {
            JobLog.TrackerFailed(logger, "what is known", message.JobId, e);
            return [];
        }
    }

    /// <summary>Goes on with the run among earlier ones that came to no end, if there is one.</summary>
    public void GoOnWithOpenOne(IReadOnlyList<JobRun> earlier)
    {
        if (earlier.FirstOrDefault(r => r.State is JobState.InProgress or JobState.Uncommitted) is { } open)
        {
            GoOnWith(open.RunId!);
            _hasAddedFiles = open.Updates.Any(u => u is JobAddedFiles);
            _hasFinished = open.Updates.Any(u => u is JobFinished);
        }
    }

    public Task RejectedAsync(string? json, IReadOnlyList<string> reasons, IReadOnlyList<string> details)
    {
        var now = clock.GetUtcNow();
        return TellAsync("rejected", OfTable(new JobValidated
        {
            JobId = message.JobId,
            UpdateTime = now,
            ValidationTime = now,
            Reasons = reasons,
            Details = details,
            JsonMessage = json,
        }));
    }

    /// <summary>Told once for each run, so not of one that goes on.</summary>
    public Task StartedAsync(DateTimeOffset startTime, int files, long rows, int duplicates)
    {
        if (IsStarted)
        {
            return Task.CompletedTask;
        }

        IsStarted = true;
        return TellAsync("started", OfRun(new JobStarted
        {
            JobId = message.JobId,
            UpdateTime = clock.GetUtcNow(),
            StartTime = startTime,
            InputFileCount = files,
            RowsExpected = rows,
            DuplicateFileCount = duplicates,
            MessageId = message.MessageId,
        }));
    }

    /// <summary>Once, without trying again: the next one comes soon.</summary>
    public Task ProgressAsync(IngestProgress progress) => tracker.AddAsync(OfRun(new JobProgress
    {
        JobId = message.JobId,
        UpdateTime = clock.GetUtcNow(),
        Stage = progress.Stage,
        RowsRead = progress.RowsAccepted,
        RowsWritten = progress.RowsWritten,
    }));

    /// <param name="rowsRead">Rows of its files.</param>
    /// <param name="rowsWritten">Rows that are visible, or will be.</param>
    /// <param name="files">Data files.</param>
    /// <param name="tellsFiles">False where the instance's own programs tell of files, since the commit names the run: then it may be finished before its files are in the table.</param>
    public async Task FinishedAsync(long rowsRead, long rowsWritten, int files, bool tellsFiles)
    {
        var now = clock.GetUtcNow();
        if (tellsFiles && !_hasAddedFiles) // told twice, they would be more than the run's, which then counts as uncommitted for ever
        {
            await TellAsync("addedFiles", OfRun(new JobAddedFiles { JobId = message.JobId, UpdateTime = now, WrittenTime = now, FileCount = files })).ConfigureAwait(false);
        }

        if (_hasFinished)
        {
            return;
        }

        await TellAsync("finished", OfRun(new JobFinished
        {
            JobId = message.JobId,
            UpdateTime = now,
            FinishTime = now,
            RowsRead = rowsRead,
            RowsWritten = rowsWritten,
            FileCount = files,
        })).ConfigureAwait(false);
    }

    public Task FailedAsync(IReadOnlyList<string> reasons)
    {
        var now = clock.GetUtcNow();
        return TellAsync("failed", OfRun(new JobFailed { JobId = message.JobId, UpdateTime = now, FinishTime = now, Reasons = reasons }));
    }

    private JobUpdate OfTable(JobUpdate update) => update with { TableId = message.Table?.Id, TableName = message.Table?.Name };

    private JobUpdate OfRun(JobUpdate update) => OfTable(update) with { JobRunId = RunId, TaskId = taskId };

    private async Task TellAsync(string what, JobUpdate update)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await tracker.AddAsync(update).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // A tracker that fails fails no job, whose data is, or will be, in the table.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (attempt == Delays.Length)
                {
                    JobLog.TrackerFailed(logger, what, message.JobId, e);
                    return;
                }
            }

            await Task.Delay(Delays[attempt], clock).ConfigureAwait(false);
        }
    }
}
