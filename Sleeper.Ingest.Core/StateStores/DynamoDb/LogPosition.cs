namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>How far a log is known.</summary>
/// <param name="Number">The last entry; 0 for none.</param>
/// <param name="Mark">By which it is known again within this process; null if the entry itself was not read.</param>
internal readonly record struct LogPosition(long Number, int? Mark)
{
    public static LogPosition After(LiveLogEntry entry) => new(entry.Number, MarkOf(entry));

    /// <summary>True if the entry is the one at this position, as far as can be said.</summary>
    public bool IsOf(LiveLogEntry entry) => entry.Number == Number && (Mark is null || Mark == MarkOf(entry));

    private static int MarkOf(LiveLogEntry entry) => HashCode.Combine(entry.UpdateTime, entry.Type, entry.Body, entry.BodyKey);
}
