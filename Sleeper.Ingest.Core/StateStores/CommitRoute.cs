namespace Sleeper.Ingest.Core.StateStores;

/// <summary>How the commits of an ingest into a table of a deployed instance reach its log.</summary>
/// <param name="IsQueued">True for a message to the instance's committer, false for an entry that this process puts.</param>
/// <param name="Wait">How long a commit that was queued is waited for; zero not to wait.</param>
/// <param name="Job">The try at a job that the ingest is; null for none.</param>
internal sealed record CommitRoute(bool IsQueued, TimeSpan Wait = default, CommitJob? Job = null)
{
    public static CommitRoute Direct { get; } = new(IsQueued: false);
}
