namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>How far a log is known.</summary>
/// <param name="Number">The last entry; 0 for none.</param>
/// <param name="UpdateTime">Its time, by which it is known again; null if the entry itself was not read.</param>
internal readonly record struct LogPosition(long Number, long? UpdateTime)
{
    public static LogPosition After(LiveLogEntry entry) => new(entry.Number, entry.UpdateTime);
}
