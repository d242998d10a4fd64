using Microsoft.Extensions.Logging;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>Tells the tracker of one run. What it cannot tell is logged: a tracker decides nothing.</summary>
internal sealed class JobRecords(IJobTracker tracker, ReadMessage message, string runId, string taskId, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan[] Delays = [TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    public string RunId => runId;

    public Task RejectedAsync(string? json, IReadOnlyList<string> reasons, IReadOnlyList<string> details)
    {
        var now = clock.GetUtcNow();
        return TellAsync("rejected", new JobValidated
        {
            JobId = message.JobId,
            TableId = message.Table?.Id,
            TableName = message.Table?.Name,
            UpdateTime = now,
            ValidationTime = now,
            Reasons = reasons,
            Details = details,
            JsonMessage = json,
        });
    }

    public Task StartedAsync(DateTimeOffset startTime, int files, long rows, int duplicates) => TellAsync("started", new JobStarted
    {
        JobId = message.JobId,
        TableId = message.Table!.Id,
        TableName = message.Table.Name,
        JobRunId = runId,
        TaskId = taskId,
        UpdateTime = clock.GetUtcNow(),
        StartTime = startTime,
        InputFileCount = files,
        RowsExpected = rows,
        DuplicateFileCount = duplicates,
        MessageId = message.MessageId,
    });

    /// <summary>Once, without trying again: the next one comes soon.</summary>
    public Task ProgressAsync(IngestProgress progress) => tracker.AddAsync(new JobProgress
    {
        JobId = message.JobId,
        TableId = message.Table!.Id,
        TableName = message.Table.Name,
        JobRunId = runId,
        TaskId = taskId,
        UpdateTime = clock.GetUtcNow(),
        Stage = progress.Stage,
        RowsRead = progress.RowsAccepted,
        RowsWritten = progress.RowsWritten,
    });

    public async Task FinishedAsync(string ofRun, long rowsRead, long rowsWritten, int files)
    {
        var now = clock.GetUtcNow();
        await TellAsync("addedFiles", new JobAddedFiles
        {
            JobId = message.JobId,
            TableId = message.Table!.Id,
            TableName = message.Table.Name,
            JobRunId = ofRun,
            TaskId = taskId,
            UpdateTime = now,
            WrittenTime = now,
            FileCount = files,
        }).ConfigureAwait(false);
        await TellAsync("finished", new JobFinished
        {
            JobId = message.JobId,
            TableId = message.Table.Id,
            TableName = message.Table.Name,
            JobRunId = ofRun,
            TaskId = taskId,
            UpdateTime = now,
            FinishTime = now,
            RowsRead = rowsRead,
            RowsWritten = rowsWritten,
            FileCount = files,
        }).ConfigureAwait(false);
    }

    public Task FailedAsync(IReadOnlyList<string> reasons)
    {
        var now = clock.GetUtcNow();
        return TellAsync("failed", new JobFailed
        {
            JobId = message.JobId,
            TableId = message.Table!.Id,
            TableName = message.Table.Name,
            JobRunId = runId,
            TaskId = taskId,
            UpdateTime = now,
            FinishTime = now,
            Reasons = reasons,
        });
    }

    /// <summary>What is known of the job so far; empty if the tracker cannot say.</summary>
    public async Task<JobStatus?> FindAsync()
    {
        try
        {
            return await new JobReports(tracker).FindAsync(message.JobId).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A tracker decides nothing.
        catch (Exception e)
#pragma warning restore CA1031
        {
            JobLog.TrackerFailed(logger, "what is known", message.JobId, e);
            return null;
        }
    }

    private async Task TellAsync(string what, JobUpdate update)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await tracker.AddAsync(update).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // A tracker decides nothing: whatever it throws must not fail a job whose data is, or will be, in the table.
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
