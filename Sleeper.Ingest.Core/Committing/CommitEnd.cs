namespace Sleeper.Ingest.Core.Committing;

/// <summary>How a commit ended well. The bad ends are exceptions: failed, and not known.</summary>
internal enum CommitEnd
{
    /// <summary>The files are visible.</summary>
    Committed,

    /// <summary>Another attempt of the same ingest was faster. Its files are visible; ours were removed.</summary>
    AlreadyCommitted,

    /// <summary>The instance's committer has it: its files will be visible, or those of an earlier attempt; then ours were removed.</summary>
    Queued,

    /// <summary>There were no rows, so nothing was written. The id may still commit later.</summary>
    NothingToCommit,
}
