namespace Sleeper.Ingest.Core.StateStores.DynamoDb.Arrow;

/// <summary>Bytes that are no Arrow stream of the layout that is read here. Who reads the object says which one it was.</summary>
internal sealed class ArrowFormatException(string message) : Exception(message);
