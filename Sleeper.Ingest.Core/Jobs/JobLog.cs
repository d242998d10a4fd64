using Microsoft.Extensions.Logging;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What a worker logs. Never a value of a row.</summary>
internal static partial class JobLog
{
    [LoggerMessage(101, LogLevel.Information, "The task '{Task}' takes jobs from '{Queue}', {Slots} at a time.")]
    public static partial void Started(ILogger logger, string task, string queue, int slots);

    [LoggerMessage(102, LogLevel.Information, "The task '{Task}' has ended: {Jobs} jobs, {Rows} rows.")]
    public static partial void Ended(ILogger logger, string task, int jobs, long rows);

    [LoggerMessage(103, LogLevel.Information, "The job '{Job}' begins, run '{Run}': {Files} files, {Rows} rows into table '{Table}'; {Duplicates} files were named more than once.")]
    public static partial void JobStarted(ILogger logger, string job, string run, int files, long rows, string table, int duplicates);

    [LoggerMessage(104, LogLevel.Information, "The job '{Job}' is finished: {Rows} rows in {Files} files, {Outcome}.")]
    public static partial void JobFinished(ILogger logger, string job, long rows, int files, IngestOutcome outcome);

    [LoggerMessage(105, LogLevel.Warning, "The job '{Job}' of message '{Message}' is rejected: {Reasons}")]
    public static partial void Rejected(ILogger logger, string job, string message, string reasons);

    [LoggerMessage(106, LogLevel.Warning, "The job of message '{Message}' failed; it is tried again, up to {Attempts} times, in {Delay}. Further failures for this reason are not logged: {Reason}")]
    public static partial void TriedAgain(ILogger logger, string message, int attempts, TimeSpan delay, string reason, Exception error);

    [LoggerMessage(107, LogLevel.Error, "The job of message '{Message}' failed and is given back, after {Receives} receives; it rests for {Delay}.")]
    public static partial void GivenBack(ILogger logger, string message, int receives, TimeSpan delay, Exception? error);

    [LoggerMessage(108, LogLevel.Error, "The job of message '{Message}' failed, after {Receives} receives, and is set aside.")]
    public static partial void SetAside(ILogger logger, string message, int receives, Exception error);

    [LoggerMessage(109, LogLevel.Error, "The worker takes no more jobs until this is mended; it looks again in {Delay}: {Reason}")]
    public static partial void Paused(ILogger logger, TimeSpan delay, string reason, Exception error);

    [LoggerMessage(110, LogLevel.Information, "The worker takes jobs again.")]
    public static partial void Resumed(ILogger logger);

    [LoggerMessage(111, LogLevel.Warning, "The lease of message '{Message}' could not be prolonged; it is tried again until the lease runs out.")]
    public static partial void KeepAliveFailed(ILogger logger, string message, Exception error);

    [LoggerMessage(112, LogLevel.Error, "The lease of message '{Message}' is lost: {Why}. The job ends here; whoever has the message now goes on with it.")]
    public static partial void LeaseLost(ILogger logger, string message, string why);

    [LoggerMessage(113, LogLevel.Error, "No job can be taken from '{Queue}'; it is tried again. Further failures for this reason are not logged.")]
    public static partial void ReceiveFailed(ILogger logger, string queue, Exception error);

    [LoggerMessage(114, LogLevel.Warning, "The tracker could not be told of '{What}' of the job '{Job}'. The job goes on.")]
    public static partial void TrackerFailed(ILogger logger, string what, string job, Exception error);

    [LoggerMessage(115, LogLevel.Warning, "The message '{Message}' of a finished job could not be deleted. It comes again, and is found done.")]
    public static partial void DeleteFailed(ILogger logger, string message, Exception error);

    [LoggerMessage(116, LogLevel.Warning, "The message '{Message}' could not be given back or set aside. It comes again when its lease has run out.")]
    public static partial void GiveBackFailed(ILogger logger, string message, Exception error);

    [LoggerMessage(117, LogLevel.Information, "The worker is stopped; running jobs have {Grace} to finish.")]
    public static partial void Stopping(ILogger logger, TimeSpan grace);

    [LoggerMessage(118, LogLevel.Warning, "The policy of the queue '{Queue}' cannot be read, so a message that came once is taken for one that comes no more.")]
    public static partial void PolicyUnknown(ILogger logger, string queue, Exception error);

    [LoggerMessage(119, LogLevel.Error, "The task '{Task}' met a fault of its own while it worked on a message. It goes on with others; the message comes again when its lease has run out.")]
    public static partial void WorkFailed(ILogger logger, string task, Exception error);

    [LoggerMessage(120, LogLevel.Information, "The job '{Job}' of message '{Message}' is finished by an earlier run, as the tracker knows.")]
    public static partial void FoundDone(ILogger logger, string job, string message);

    [LoggerMessage(121, LogLevel.Error, "The queue '{Queue}' has no dead letters, so the message '{Message}' is deleted: {Reason}. Its text was: {Body}")]
    public static partial void Discarded(ILogger logger, string message, string queue, string body, string reason);

    [LoggerMessage(122, LogLevel.Warning, "The tracker could not remove old records; it is tried again in a day.")]
    public static partial void ForgetFailed(ILogger logger, Exception error);
}
