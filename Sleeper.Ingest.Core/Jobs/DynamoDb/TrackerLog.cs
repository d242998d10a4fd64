using Microsoft.Extensions.Logging;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>What the tracker logs.</summary>
internal static partial class TrackerLog
{
    [LoggerMessage(400, LogLevel.Warning, "The item '{Key}' of the table '{Table}' is no update that a tracker writes, and is left out: {Reason}")]
    public static partial void Unreadable(ILogger logger, string key, string table, string reason);
}
