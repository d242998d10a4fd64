namespace Sleeper.Ingest.Core.Jobs;

/// <summary>How one try at a message ended.</summary>
internal abstract record JobOutcome
{
    /// <summary>It is done, now or before.</summary>
    public sealed record Done(long RowsRead, long RowsWritten, TimeSpan Time) : JobOutcome;

    /// <summary>It is no job that can be done.</summary>
    public sealed record Rejected(IReadOnlyList<string> Reasons) : JobOutcome;

    /// <summary>It failed.</summary>
    public sealed record Failed(JobFailure Failure) : JobOutcome;

    /// <summary>It was called back: nothing of it is in the table.</summary>
    public sealed record Cancelled : JobOutcome;
}
