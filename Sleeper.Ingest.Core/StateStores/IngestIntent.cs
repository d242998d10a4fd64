namespace Sleeper.Ingest.Core.StateStores;

/// <summary>An attempt that is under way, or that ended without cleaning up.</summary>
/// <param name="IngestId">The ingest.</param>
/// <param name="AttemptId">The attempt.</param>
/// <param name="FileNamePrefix">What the names of its objects begin with.</param>
/// <param name="OpenedAt">The last entry of the files log that it had read when it was opened.</param>
/// <param name="Writer">Who it is, for people.</param>
/// <param name="Began">When it was opened, by the writer's clock.</param>
/// <param name="Heartbeat">When it last said that it is alive, by the writer's clock.</param>
internal sealed record IngestIntent(
    string IngestId, string AttemptId, string FileNamePrefix, long OpenedAt, string Writer, DateTimeOffset Began, DateTimeOffset Heartbeat);
