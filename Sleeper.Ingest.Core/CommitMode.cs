namespace Sleeper.Ingest.Core;

/// <summary>How the commit of an ingest into a table of a deployed instance reaches the table's log. Own tables have no queue: their commits are direct.</summary>
public enum CommitMode
{
    /// <summary>This process puts the entry: the rows are visible when completing returns.</summary>
    Direct,

    /// <summary>
    /// As the table's properties say, over the instance's defaults (<c>sleeper.table.ingest.job.files.commit.async</c>, <c>sleeper.table.statestore.commit.async.enabled</c>); an
    /// instance that sets none of them asks for <see cref="Queued"/>.
    /// </summary>
    AsTableAsks,

    /// <summary>
    /// A message goes to the instance's committer, which puts the entry some time later: writers do not compete for numbers, and completing says
    /// <see cref="IngestOutcome.Queued"/>. The queue is the one that the instance's property <c>sleeper.statestore.committer.queue.url</c> names.
    /// </summary>
    Queued,
}
