namespace Sleeper.Ingest.Core.Queues;

/// <summary>A queue could not do what was asked: it is not there, may not be used, cannot be reached, or answered what cannot be.</summary>
/// <remarks><see cref="IngestException.IsRetryable"/> is true where the same call may succeed later without a change. It says nothing about the effect of the call.</remarks>
public sealed class QueueException : IngestException
{
    /// <summary>Makes the error for one queue.</summary>
    public QueueException(string queue, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Queue = queue;
    }

    /// <summary>True if nothing came of the call, for certain: the queue refused it, and it had not been tried before.</summary>
    internal bool IsRefusal { get; init; }

    /// <summary>True if the caller may not do what he asked for.</summary>
    internal bool IsForbidden { get; init; }

    /// <summary>The queue's name.</summary>
    public string Queue { get; }
}
