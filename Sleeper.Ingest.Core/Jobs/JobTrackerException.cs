namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A tracker could not keep or read what happened to jobs. No table is touched by it.</summary>
public sealed class JobTrackerException : IngestException
{
    /// <summary>An error with its cause.</summary>
    public JobTrackerException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
