using System.Globalization;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs.DynamoDb;

/// <summary>What an instance's properties say of ingest tasks, with the original's defaults.</summary>
/// <remarks>They are checked where they are used: an instance whose tasks are set up wrongly can still be ingested into.</remarks>
internal sealed class InstanceJobSettings
{
    private const int MaxVisibilitySeconds = 43_200; // SQS: 12 hours

    private static readonly SleeperProperty ReceiveWaitSeconds = new("sleeper.ingest.job.queue.wait.time", "20", PropertyRule.Number(0, 20));
    private static readonly SleeperProperty VisibilitySeconds = new("sleeper.ingest.queue.visibility.timeout.seconds", "900", PropertyRule.Number(1, MaxVisibilitySeconds));
    private static readonly SleeperProperty KeepAliveSeconds = new("sleeper.ingest.keepalive.period.seconds", "300", PropertyRule.Number(1, MaxVisibilitySeconds));
    private static readonly SleeperProperty JobTimeToLive = new("sleeper.ingest.job.status.ttl", "604800", PropertyRule.Number(1, int.MaxValue));
    private static readonly SleeperProperty TaskTimeToLive = new("sleeper.ingest.task.status.ttl", "604800", PropertyRule.Number(1, int.MaxValue));
    private static readonly SleeperProperty JobQueueUrl = InstanceProperty.IngestJobQueueUrl with { IsRequired = true };
    private static readonly SleeperProperty MaxConcurrentTasks = new("sleeper.ingest.max.concurrent.tasks", "200", PropertyRule.Number(1, int.MaxValue));
    private static readonly SleeperProperty StartPeriodMinutes = new("sleeper.ingest.task.creation.period.minutes", "1", PropertyRule.Number(1, int.MaxValue));
    private static readonly SleeperProperty EcsCluster = new("sleeper.ingest.cluster", null, PropertyRule.Any) { IsRequired = true };
    private static readonly SleeperProperty EcsTask = new("sleeper.ingest.task.definition.family", null, PropertyRule.Any) { IsRequired = true };
    private static readonly SleeperProperty EcsSubnets = new("sleeper.subnets", null, PropertyRule.Any) { IsRequired = true };
    private static readonly SleeperProperty EcsSecurityGroups = new("sleeper.ecs.security.groups", null, PropertyRule.Any);
    private static readonly SleeperProperty FargateVersion = new("sleeper.fargate.version", "1.4.0", PropertyRule.Any);

    private readonly InstanceProperties _values;

    /// <exception cref="UnsupportedTableException">One of the properties is missing or has a value it may not have: all of them are named.</exception>
    private InstanceJobSettings(SleeperInstance instance, params SleeperProperty[] properties)
    {
        ArgumentNullException.ThrowIfNull(instance);
        _values = instance.Values;
        _values.Check(properties, "Correct the instance's properties, with the tools of Sleeper, or make the options yourself.");
    }

    public string QueueUrl => _values.Text(JobQueueUrl);

    public TimeSpan ReceiveWait => Seconds(ReceiveWaitSeconds);

    public TimeSpan Lease => Seconds(VisibilitySeconds);

    public TimeSpan KeepAlivePeriod => Seconds(KeepAliveSeconds);

    public int MaxTasks => _values.Int(MaxConcurrentTasks);

    public TimeSpan StartPeriod => TimeSpan.FromMinutes(_values.Int(StartPeriodMinutes));

    public bool IsTracked => _values.Flag(InstanceProperty.IngestTrackerEnabled);

    public DynamoDbJobTrackerOptions Tracker => new() { JobTimeToLive = Seconds(JobTimeToLive), TaskTimeToLive = Seconds(TaskTimeToLive) };

    public string Cluster => _values.Text(EcsCluster);

    public string TaskDefinition => _values.Text(EcsTask);

    public IReadOnlyList<string> Subnets => Split(EcsSubnets);

    public IReadOnlyList<string> SecurityGroups => Split(EcsSecurityGroups);

    public string PlatformVersion => _values.Text(FargateVersion);

    /// <summary>What a worker reads.</summary>
    public static InstanceJobSettings ForWorker(SleeperInstance instance)
    {
        var settings = new InstanceJobSettings(instance, JobQueueUrl, ReceiveWaitSeconds, VisibilitySeconds, KeepAliveSeconds);
        return settings.KeepAlivePeriod < settings.Lease
            ? settings
            : throw new UnsupportedTableException(string.Create(
                CultureInfo.InvariantCulture,
                $"{settings._values.Place} cannot be used: '{KeepAliveSeconds.Name}' is {settings.KeepAlivePeriod.TotalSeconds} and '{VisibilitySeconds.Name}' {settings.Lease.TotalSeconds}, "
                    + $"so every message would come again while its job runs. Make the first one less than the second."));
    }

    /// <summary>What a tracker reads.</summary>
    public static InstanceJobSettings ForTracker(SleeperInstance instance) => new(instance, JobTimeToLive, TaskTimeToLive);

    /// <summary>What who starts tasks reads.</summary>
    public static InstanceJobSettings ForStarter(SleeperInstance instance) => new(instance, MaxConcurrentTasks, StartPeriodMinutes);

    /// <summary>What ECS is told of a task.</summary>
    public static InstanceJobSettings ForEcs(SleeperInstance instance) => new(instance, EcsCluster, EcsTask, EcsSubnets, EcsSecurityGroups, FargateVersion);

    private TimeSpan Seconds(SleeperProperty property) => TimeSpan.FromSeconds(_values.Int(property));

    private string[] Split(SleeperProperty property) =>
        (_values.Get(property) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
