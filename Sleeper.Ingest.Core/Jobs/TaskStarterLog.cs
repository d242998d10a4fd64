using Microsoft.Extensions.Logging;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>What the starter of tasks logs.</summary>
internal static partial class TaskStarterLog
{
    [LoggerMessage(150, LogLevel.Information, "{Started} of {Wanted} tasks were started: {Waiting} jobs wait, {Running} tasks run.")]
    public static partial void Started(ILogger logger, int started, long wanted, long waiting, int running);

    [LoggerMessage(151, LogLevel.Warning, "No task could be started for the queue '{Queue}'. The next look tries again.")]
    public static partial void Failed(ILogger logger, string queue, Exception error);
}
