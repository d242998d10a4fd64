namespace Sleeper.Ingest.TestWorker.Fuzzing;

/// <summary>A promise that a run broke.</summary>
internal sealed class FuzzFailure(string message, Exception? innerException = null) : Exception(message, innerException);
