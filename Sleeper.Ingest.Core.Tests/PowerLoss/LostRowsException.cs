namespace Sleeper.Ingest.Core.Tests.PowerLoss;

/// <summary>A promise was broken.</summary>
internal sealed class LostRowsException(string message) : Exception(message);
