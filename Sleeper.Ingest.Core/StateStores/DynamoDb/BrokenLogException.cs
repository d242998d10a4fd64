namespace Sleeper.Ingest.Core.StateStores.DynamoDb;

/// <summary>
/// The log does not go on from where it was known: it was trimmed behind a newer snapshot, or cleared. Who meets it begins again at the newest snapshot.
/// </summary>
internal sealed class BrokenLogException(string message) : Exception(message);
