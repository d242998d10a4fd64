using Amazon.Runtime;

namespace Sleeper.Ingest.Core.Jobs.Ecs;

/// <summary>Starts worker tasks on ECS with Fargate.</summary>
/// <remarks>
/// Permissions: <c>ecs:DescribeClusters</c> on the cluster, <c>ecs:RunTask</c> on the task definition, <c>iam:PassRole</c> on the task's two roles. A call starts at most 10
/// tasks, so more are more calls. Thread-safe.
/// </remarks>
public sealed class EcsTaskLauncher : ITaskLauncher, IDisposable
{
    private const int MaxTasksInCall = 10;

    private readonly EcsTaskLauncherOptions _options;
    private readonly TimeProvider _clock;
    private readonly EcsClient _client;

    /// <summary>A launcher.</summary>
    /// <param name="options">What is run, and where.</param>
    /// <param name="credentials">Null for the SDK's own search.</param>
    /// <param name="config">Region, endpoint, retries; null for the SDK's own search.</param>
    /// <param name="clock">For the waits between tries; null for the system's.</param>
    /// <exception cref="ArgumentException">There is no subnet.</exception>
    public EcsTaskLauncher(EcsTaskLauncherOptions options, AWSCredentials? credentials = null, EcsClientConfig? config = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Subnets.Count == 0)
        {
            throw new ArgumentException("A task on Fargate is in a subnet, and Subnets is empty.", nameof(options));
        }

        _options = options;
        _clock = clock ?? TimeProvider.System;
        _client = credentials is null ? new EcsClient(config ?? new()) : new EcsClient(credentials, config ?? new());
    }

    /// <inheritdoc/>
    public async Task<int> CountAsync(CancellationToken cancellationToken = default)
    {
        var reply = await RunAsync("ecs:DescribeClusters", () => _client.DescribeClustersAsync(new([_options.Cluster]), cancellationToken)).ConfigureAwait(false);
        return reply.Clusters is [var cluster, ..]
            ? cluster.RunningTasksCount + cluster.PendingTasksCount
            : throw new TaskLaunchException($"There is no ECS cluster '{_options.Cluster}': {ReasonOf(reply.Failures)}. Check its name, account and region.");
    }

    /// <inheritdoc/>
    public async Task<int> LaunchAsync(int count, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int started = 0;
        var waited = TimeSpan.Zero;
        while (started < count)
        {
            var request = RequestOf(Math.Min(count - started, MaxTasksInCall));
            var reply = await RunAsync("ecs:RunTask", () => _client.RunTaskAsync(request, cancellationToken)).ConfigureAwait(false);
            started += reply.Tasks?.Count ?? 0;
            if (reply.Failures is not { Count: > 0 } failures)
            {
                if (reply.Tasks is not { Count: > 0 })
                {
                    break; // nothing started, and no reason given: the next look at the queue tries again
                }

                continue;
            }

            bool isForLater = failures.All(f => f.Reason?.Contains("apacity", StringComparison.Ordinal) == true);
            if (!isForLater || waited >= _options.CapacityWait)
            {
                return started > 0
                    ? started
                    : throw new TaskLaunchException($"ECS starts no task of '{_options.TaskDefinition}' in cluster '{_options.Cluster}': {ReasonOf(failures)}.");
            }

            await Task.Delay(_options.CapacityDelay, _clock, cancellationToken).ConfigureAwait(false);
            waited += _options.CapacityDelay;
        }

        return started;
    }

    /// <summary>Ends the client.</summary>
    public void Dispose() => _client.Dispose();

    private RunTaskRequest RequestOf(int count) => new(
        _options.Cluster,
        _options.TaskDefinition,
        count,
        "FARGATE",
        _options.PlatformVersion,
        new EcsNetwork(new EcsVpc(_options.Subnets, _options.SecurityGroups.Count > 0 ? _options.SecurityGroups : null)),
        _options.Command.Count > 0 ? new EcsOverrides([new EcsContainerOverride(_options.ContainerName, _options.Command)]) : null,
        "TASK_DEFINITION");

    private static string ReasonOf(IReadOnlyList<EcsFailure>? failures) =>
        failures is { Count: > 0 } ? string.Join(", ", failures.Select(f => $"{f.Reason ?? "no reason given"}{(f.Detail is { } d ? $" ({d})" : "")}").Distinct()) : "no reason given";

    private async Task<T> RunAsync<T>(string action, Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            throw new TaskLaunchException($"{action} on the cluster '{_options.Cluster}' failed: {e.Message} Check the cluster, the task definition and the role's permissions.", e);
        }
    }
}
