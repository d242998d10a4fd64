using System.Text.Json.Serialization;

namespace Sleeper.Ingest.Core.Jobs.Ecs;

/// <summary>The bodies of the service's requests and replies, by the names of its API (2014-11-13). Nulls are left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DescribeClustersRequest))]
[JsonSerializable(typeof(DescribeClustersReply))]
[JsonSerializable(typeof(RunTaskRequest))]
[JsonSerializable(typeof(RunTaskReply))]
internal sealed partial class EcsJson : JsonSerializerContext;

internal sealed record DescribeClustersRequest(IReadOnlyList<string> Clusters);

internal sealed record DescribeClustersReply(IReadOnlyList<EcsCluster>? Clusters, IReadOnlyList<EcsFailure>? Failures);

internal sealed record EcsCluster(string? ClusterName, int RunningTasksCount, int PendingTasksCount);

/// <summary>Why a task was not started, such as <c>Capacity is unavailable at this time</c>, or why a cluster is not described, such as <c>MISSING</c>.</summary>
internal sealed record EcsFailure(string? Arn, string? Reason, string? Detail);

internal sealed record RunTaskRequest(
    string Cluster,
    string TaskDefinition,
    int Count,
    string LaunchType,
    string? PlatformVersion,
    EcsNetwork NetworkConfiguration,
    EcsOverrides? Overrides,
    string PropagateTags);

internal sealed record RunTaskReply(IReadOnlyList<EcsTask>? Tasks, IReadOnlyList<EcsFailure>? Failures);

internal sealed record EcsTask(string? TaskArn);

internal sealed record EcsNetwork(EcsVpc AwsvpcConfiguration);

internal sealed record EcsVpc(IReadOnlyList<string> Subnets, IReadOnlyList<string>? SecurityGroups);

internal sealed record EcsOverrides(IReadOnlyList<EcsContainerOverride> ContainerOverrides);

internal sealed record EcsContainerOverride(string Name, IReadOnlyList<string> Command);
