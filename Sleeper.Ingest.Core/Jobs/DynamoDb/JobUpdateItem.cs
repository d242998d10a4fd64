using System.Globalization;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>Updates of jobs as items, with the names, kinds and units of the original's table of job updates.</summary>
/// <remarks>Times are milliseconds since 1970, but <c>ExpiryDate</c> is in seconds. What is null is left out; an unknown table is <c>-</c>.</remarks>
internal static class JobUpdateItem
{
    public const string NoTable = "-";
    public const string TableId = "TableId";
    public const string JobIdAndUpdate = "JobIdAndUpdate";
    public const string JobId = "JobId";
    public const string UpdateTime = "UpdateTime";
    public const string ExpiryDate = "ExpiryDate";
    public const string UpdateType = "UpdateType";
    public const string Rejected = "REJECTED";

    /// <summary>Longer messages are cut: an item of DynamoDB holds 400 KB, and a character up to 3 bytes of UTF-8.</summary>
    private const int MaxMessageCharacters = 100_000;

    /// <summary>The same for all reasons together, and for one of them.</summary>
    private const int MaxReasonCharacters = 30_000;
    private const int MaxOneReasonCharacters = 4_000;

    private const string Accepted = "ACCEPTED";
    private const string Validated = "validated";
    private const string Started = "started";
    private const string AddedFiles = "addedFiles";
    private const string Finished = "finished";
    private const string Failed = "failed";

    /// <summary>The item of an update.</summary>
    /// <param name="update">The update; not one of progress.</param>
    /// <param name="timeToLive">How long it is kept.</param>
    /// <param name="chance">Keeps two updates of one millisecond apart.</param>
    public static TrackerItem ToItem(JobUpdate update, TimeSpan timeToLive, uint chance)
    {
        var item = new TrackerItem();
        item.Set(TableId, update.TableId ?? NoTable);
        item.Set(JobIdAndUpdate, string.Create(CultureInfo.InvariantCulture, $"{update.JobId}|{update.UpdateTime.ToUnixTimeMilliseconds()}|{chance:x8}"));
        item.Set(JobId, update.JobId);
        item.Set(UpdateTime, update.UpdateTime);
        item.Set(ExpiryDate, (update.UpdateTime + timeToLive).ToUnixTimeSeconds());
        item.Set("JobRunId", update.JobRunId);
        item.Set("TaskId", update.TaskId);
        item.Set(UpdateType, TypeOf(update));
        switch (update)
        {
            case JobValidated validated:
                item.Set("ValidationTime", validated.ValidationTime);
                item.Set("ValidationResult", ValidationResultOf(validated));
                item.Set("ValidationReasons", Shortened(validated.Reasons));
                item.Set("JsonMessage", validated.JsonMessage is { } message ? Cut(message, MaxMessageCharacters) : null);
                item.Set("InputFilesCount", validated.InputFileCount);
                break;
            case JobStarted started:
                item.Set("StartTime", started.StartTime);
                item.Set("InputFilesCount", started.InputFileCount);
                break;
            case JobAddedFiles added:
                item.Set("FilesWrittenTime", added.WrittenTime);
                item.Set("FilesWrittenCount", added.FileCount);
                break;
            case JobFinished finished:
                item.Set("FinishTime", finished.FinishTime);
                item.Set("RowsRead", finished.RowsRead);
                item.Set("RowsWritten", finished.RowsWritten);
                item.Set("JobCommittedWhenFilesAdded", finished.IsCommittedWhenFilesAdded);
                item.Set("FilesWrittenCount", finished.FileCount);
                break;
            case JobFailed failed:
                item.Set("FinishTime", failed.FinishTime);
                item.Set("FailureReasons", Shortened(failed.Reasons));
                break;
        }

        return item;
    }

    /// <summary>The update of an item; null for a type that is not known here, as of a later version.</summary>
    /// <exception cref="FormatException">An attribute is missing or of another kind; the message names it.</exception>
    public static JobUpdate? FromItem(TrackerItem item)
    {
        string jobId = item.Text(JobId);
        var updateTime = item.Time(UpdateTime);
        JobUpdate? update = item.Text(UpdateType) switch
        {
            Validated => new JobValidated
            {
                JobId = jobId,
                UpdateTime = updateTime,
                ValidationTime = item.Time("ValidationTime"),
                IsAccepted = item.Text("ValidationResult") == Accepted,
                Reasons = item.Texts("ValidationReasons"),
                JsonMessage = item.TextOrNull("JsonMessage"),
                InputFileCount = item.Count("InputFilesCount"),
            },
            Started => new JobStarted { JobId = jobId, UpdateTime = updateTime, StartTime = item.Time("StartTime"), InputFileCount = item.Count("InputFilesCount") },
            AddedFiles => new JobAddedFiles
            {
                JobId = jobId,
                UpdateTime = updateTime,
                WrittenTime = item.Time("FilesWrittenTime"),
                FileCount = item.Count("FilesWrittenCount"),
            },
            Finished => new JobFinished
            {
                JobId = jobId,
                UpdateTime = updateTime,
                FinishTime = item.Time("FinishTime"),
                RowsRead = item.Number("RowsRead"),
                RowsWritten = item.Number("RowsWritten"),
                FileCount = item.Count("FilesWrittenCount"),
                IsCommittedWhenFilesAdded = item.Flag("JobCommittedWhenFilesAdded"),
            },
            Failed => new JobFailed { JobId = jobId, UpdateTime = updateTime, FinishTime = item.Time("FinishTime"), Reasons = item.Texts("FailureReasons") },
            _ => null,
        };
        return update is null
            ? null
            : update with
            {
                TableId = item.Text(TableId) is NoTable ? null : item.Text(TableId),
                JobRunId = item.TextOrNull("JobRunId"),
                TaskId = item.TextOrNull("TaskId"),
            };
    }

    public static string TypeOf(JobUpdate update) => update switch
    {
        JobValidated => Validated,
        JobStarted => Started,
        JobAddedFiles => AddedFiles,
        JobFinished => Finished,
        _ => Failed,
    };

    public static string ValidationResultOf(JobValidated validated) => validated.IsAccepted ? Accepted : Rejected;

    private static List<string> Shortened(IReadOnlyList<string> reasons)
    {
        var kept = new List<string>(reasons.Count);
        int left = MaxReasonCharacters;
        foreach (string reason in reasons)
        {
            if (left <= 0)
            {
                kept.Add(string.Create(CultureInfo.InvariantCulture, $"… and {reasons.Count - kept.Count} more"));
                break;
            }

            kept.Add(Cut(reason, Math.Min(left, MaxOneReasonCharacters)));
            left -= kept[^1].Length;
        }

        return kept;
    }

    private static string Cut(string text, int characters)
    {
        if (text.Length <= characters)
        {
            return text;
        }

        int end = char.IsHighSurrogate(text[characters - 1]) ? characters - 1 : characters;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
