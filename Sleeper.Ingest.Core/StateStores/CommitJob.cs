namespace Sleeper.Ingest.Core.StateStores;

/// <summary>The try at an ingest job that a commit is of. Its members go into a commit that is queued, all of them, and into no other.</summary>
/// <param name="JobId">The job.</param>
/// <param name="TaskId">The process that works on it.</param>
/// <param name="JobRunId">The try.</param>
internal sealed record CommitJob(string JobId, string TaskId, string JobRunId);
