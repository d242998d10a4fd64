using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sleeper.Ingest.Core.Jobs;

/// <summary>How many worker tasks are started, and how often it is looked.</summary>
public sealed record IngestTaskStarterOptions
{
    /// <summary>Tasks at a time. Default: 200, as an instance's <c>sleeper.ingest.max.concurrent.tasks</c>.</summary>
    public int MaxTasks { get; init; } = 200;

    /// <summary>
    /// Jobs that one task is expected to take, one after the other. Default: 1, as the original has it. With more, a burst of small jobs starts fewer tasks, which then
    /// do not find the queue empty.
    /// </summary>
    public int JobsPerTask { get; init; } = 1;

    /// <summary>How often the queue is looked at. Default: a minute.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where the time comes from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where logs go.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;
}
