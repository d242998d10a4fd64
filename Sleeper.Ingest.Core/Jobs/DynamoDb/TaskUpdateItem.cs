namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>Updates of tasks as items, with the names, kinds and units of the original's table of tasks.</summary>
internal static class TaskUpdateItem
{
    public const string TaskId = "TaskId";
    public const string UpdateTime = "UpdateTime";

    private const string ExpiryDate = "ExpiryDate";
    private const string UpdateType = "UpdateType";
    private const string Started = "started";
    private const string Finished = "finished";

    /// <summary>The item of an update, which is kept for so long after the task's start or end.</summary>
    public static TrackerItem ToItem(IngestTaskUpdate update, TimeSpan timeToLive)
    {
        var item = new TrackerItem();
        item.Set(TaskId, update.TaskId);
        item.Set(UpdateTime, update.UpdateTime);
        item.Set(UpdateType, update.FinishTime is null ? Started : Finished);
        item.Set(ExpiryDate, (update.UpdateTime + timeToLive).ToUnixTimeSeconds());
        item.Set("StartTime", update.StartTime);
        if (update.FinishTime is { } finishTime)
        {
            item.Set("FinishTime", finishTime);
            item.Set("MillisecondsOnJobs", (long)update.TimeOnJobs.TotalMilliseconds);
            item.Set("NumberOfJobs", update.JobCount);
            item.Set("RowsRead", update.RowsRead);
            item.Set("RowsWritten", update.RowsWritten);
            item.SetRate("ReadRate", update.RowsReadPerSecond);
            item.SetRate("WriteRate", update.RowsWrittenPerSecond);
        }

        return item;
    }

    /// <summary>The update of an item; null for a type that is not known here.</summary>
    /// <exception cref="FormatException">An attribute is missing or of another kind; the message names it.</exception>
    public static IngestTaskUpdate? FromItem(TrackerItem item)
    {
        var started = new IngestTaskUpdate { TaskId = item.Text(TaskId), StartTime = item.Time("StartTime"), UpdateTime = item.Time(UpdateTime) };
        return item.Text(UpdateType) switch
        {
            Started => started,
            Finished => started with
            {
                FinishTime = item.Time("FinishTime"),
                TimeOnJobs = TimeSpan.FromMilliseconds(item.Count("MillisecondsOnJobs")),
                JobCount = item.Count("NumberOfJobs"),
                RowsRead = item.Number("RowsRead"),
                RowsWritten = item.Number("RowsWritten"),
            },
            _ => null,
        };
    }
}
