using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

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

    /// <summary>As a deployed instance has it: <c>sleeper.ingest.max.concurrent.tasks</c>, every <c>sleeper.ingest.task.creation.period.minutes</c>.</summary>
    /// <exception cref="UnsupportedTableException">A property has a value it may not have: each is named.</exception>
    public static IngestTaskStarterOptions ForInstance(SleeperInstance instance)
    {
        var settings = InstanceJobSettings.ForStarter(instance);
        return new IngestTaskStarterOptions { MaxTasks = settings.MaxTasks, Period = settings.StartPeriod };
    }
}
