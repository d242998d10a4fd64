using Sleeper.Ingest.Core.Jobs.DynamoDb;
using Sleeper.Ingest.Core.StateStores;
using Sleeper.Ingest.Core.StateStores.DynamoDb.Instances;

namespace Sleeper.Ingest.Core.Jobs.Ecs;

/// <summary>What is run on ECS, and where.</summary>
public sealed record EcsTaskLauncherOptions
{
    /// <summary>The cluster, by its name: an instance's <c>sleeper.ingest.cluster</c>.</summary>
    public required string Cluster { get; init; }

    /// <summary>The task definition, by its family (then the newest revision) or family and revision. Its container runs an ingest worker.</summary>
    public required string TaskDefinition { get; init; }

    /// <summary>Subnets that the tasks are in: an instance's <c>sleeper.subnets</c>. At least one.</summary>
    public required IReadOnlyList<string> Subnets { get; init; }

    /// <summary>Security groups of the tasks: an instance's <c>sleeper.ecs.security.groups</c>. Empty for the network's default one.</summary>
    public IReadOnlyList<string> SecurityGroups { get; init; } = [];

    /// <summary>Fargate's version: an instance's <c>sleeper.fargate.version</c>.</summary>
    public string PlatformVersion { get; init; } = "1.4.0";

    /// <summary>The container whose command <see cref="Command"/> replaces.</summary>
    public string ContainerName { get; init; } = "IngestContainer";

    /// <summary>The command, for example <c>["my-config-bucket"]</c>. Empty, the default, for the image's own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>How long to try again while there is no capacity. Default: a minute.</summary>
    public TimeSpan CapacityWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long to rest between tries, default 5 seconds.</summary>
    public TimeSpan CapacityDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The ingest tasks of a deployed instance: its cluster, task definition and network, with the config bucket as the command, which its own image wants.</summary>
    /// <exception cref="UnsupportedTableException">The instance has no ingest tasks: each missing property is named.</exception>
    public static EcsTaskLauncherOptions ForInstance(SleeperInstance instance)
    {
        var settings = InstanceJobSettings.ForEcs(instance);
        return new EcsTaskLauncherOptions
        {
            Cluster = settings.Cluster,
            TaskDefinition = settings.TaskDefinition,
            Subnets = settings.Subnets,
            SecurityGroups = settings.SecurityGroups,
            PlatformVersion = settings.PlatformVersion,
            Command = [instance.ConfigBucket],
        };
    }
}
