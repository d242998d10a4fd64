namespace Sleeper.Ingest.Core;

/// <summary>The base of all errors of this library that are not faults of the call itself (those are <see cref="ArgumentException"/> and <see cref="InvalidOperationException"/>).</summary>
public class IngestException : Exception
{
    /// <summary>Makes an error with a message that says what, where, the values seen, and how to fix it.</summary>
    public IngestException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>True if the same call may succeed later without a change (a network fault, a full disk).</summary>
    public bool IsRetryable { get; init; }
}
