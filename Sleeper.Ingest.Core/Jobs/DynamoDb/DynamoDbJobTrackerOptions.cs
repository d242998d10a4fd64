using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>How long an instance's tracker remembers.</summary>
public sealed record DynamoDbJobTrackerOptions
{
    /// <summary>How long an update of a job is kept: the instance's <c>sleeper.ingest.job.status.ttl</c>. A week by default.</summary>
    public TimeSpan JobTimeToLive { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long an update of a task is kept: the instance's <c>sleeper.ingest.task.status.ttl</c>. A week by default.</summary>
    public TimeSpan TaskTimeToLive { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Where warnings of unreadable items go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
