namespace Sleeper.Ingest.Core.Jobs;

/// <summary>A worker task could not be started, or it could not be found out how many run.</summary>
public sealed class TaskLaunchException : IngestException
{
    /// <summary>An error by what is wrong and how to mend it.</summary>
    public TaskLaunchException(string message)
        : base(message)
    {
    }

    /// <summary>The same, with its cause.</summary>
    public TaskLaunchException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
