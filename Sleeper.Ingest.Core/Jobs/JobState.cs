namespace Sleeper.Ingest.Core.Jobs;

/// <summary>The state of a job or of a run, by Sleeper's words.</summary>
public enum JobState
{
    /// <summary>It was rejected before it ran.</summary>
    Rejected,

    /// <summary>It was accepted and has not begun.</summary>
    Accepted,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It runs, or its process died.</summary>
    InProgress,

    /// <summary>It has done its work, and not all of its files are known to be in the table.</summary>
    Uncommitted,

    /// <summary>All of it is in the table.</summary>
    Finished,
}
