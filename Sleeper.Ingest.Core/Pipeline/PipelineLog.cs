using Microsoft.Extensions.Logging;

namespace Sleeper.Ingest.Core.Pipeline;

/// <summary>What the pipeline logs. Never a value of a row.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(1, LogLevel.Information, "The ingest '{IngestId}' into table '{Table}' is open: {Leaves} leaves, {Workers} workers, {BudgetBytes} bytes of memory.")]
    public static partial void Opened(ILogger logger, string ingestId, string table, int leaves, int workers, long budgetBytes);

    [LoggerMessage(2, LogLevel.Information, "The ingest '{IngestId}' is committed as number {Number}: {Rows} rows in {Files} files, {Bytes} bytes.")]
    public static partial void Committed(ILogger logger, string ingestId, long number, long rows, int files, long bytes);

    [LoggerMessage(12, LogLevel.Information, "The commit of the ingest '{IngestId}' is queued with the instance's committer: {Rows} rows in {Files} files, {Bytes} bytes.")]
    public static partial void Queued(ILogger logger, string ingestId, long rows, int files, long bytes);

    [LoggerMessage(3, LogLevel.Information, "The file '{File}' has columns that the table has no field for; they are passed over: {Columns}.")]
    public static partial void UnusedColumns(ILogger logger, string file, string columns);

    [LoggerMessage(4, LogLevel.Warning, "Cleaning up after the ingest '{IngestId}' failed; its memory or spill files may be left until the process ends.")]
    public static partial void CleanUpFailed(ILogger logger, string ingestId, Exception error);

    [LoggerMessage(5, LogLevel.Warning, "After the ingest '{IngestId}': {What}")]
    public static partial void ObjectLeft(ILogger logger, string ingestId, string what, Exception error);

    [LoggerMessage(6, LogLevel.Warning, "libzstd cannot be loaded, so data files are compressed with snappy. Install it (Debian: libzstd1) for smaller files.")]
    public static partial void FallBackToSnappy(ILogger logger);

    [LoggerMessage(7, LogLevel.Warning, "{Warning}")]
    public static partial void SchemaWarning(ILogger logger, string warning);

    [LoggerMessage(8, LogLevel.Information, "{Count} folders of spill files of processes that are gone were removed from '{Folder}'.")]
    public static partial void StaleSpillRemoved(ILogger logger, string folder, int count);

    [LoggerMessage(9, LogLevel.Information, "The table '{Table}' was pre-split into {Leaves} leaves; {Wanted} were asked for.")]
    public static partial void PreSplitDone(ILogger logger, string table, int leaves, int wanted);

    [LoggerMessage(10, LogLevel.Warning, "The file '{File}' has a map with a repeated key in field '{Field}'; the last entry counts.")]
    public static partial void RepeatedMapKey(ILogger logger, string file, string field);

    [LoggerMessage(11, LogLevel.Warning, "The heartbeat of the ingest '{IngestId}' could not be written. If none succeeds for the grace time of maintenance, it may end the ingest.")]
    public static partial void HeartbeatFailed(ILogger logger, string ingestId, Exception error);

    [LoggerMessage(21, LogLevel.Warning, "Table '{Table}': {Warning}")]
    public static partial void TableWarning(ILogger logger, string table, string warning);
}
