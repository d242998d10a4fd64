using Sleeper.Ingest.Core.StateStores.TransactionLog;

namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>One item of a log table.</summary>
/// <param name="Number">Its place in the log, from 1.</param>
/// <param name="UpdateTime">When its writer says it was, in milliseconds since 1970: it becomes the time of what the entry changes. Not ascending.</param>
/// <param name="Type">What the body is.</param>
/// <param name="Body">The transaction's JSON; null if it lies in the data bucket.</param>
/// <param name="BodyKey">The key of the object that holds the JSON; null if the item has it.</param>
internal sealed record LiveLogEntry(long Number, long UpdateTime, TransactionType Type, string? Body, string? BodyKey)
{
    /// <summary>The time of what the entry changes. Times that .NET cannot hold are the nearest that it can.</summary>
    public DateTimeOffset Time => EpochTime.From(UpdateTime);
}
