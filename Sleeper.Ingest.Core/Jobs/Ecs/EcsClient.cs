using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Sleeper.Ingest.Core.Aws;

namespace Sleeper.Ingest.Core.Jobs.Ecs;

/// <summary>A client of Amazon ECS on the pipeline of the AWS SDK's core, with the two operations that starting tasks needs.</summary>
internal sealed class EcsClient : AmazonServiceClient
{
    public static readonly AwsJsonService Service = new("ECS", "ecs", "AmazonEC2ContainerServiceV20141113", "1.1");

    public EcsClient(EcsClientConfig config)
        : base(config)
    {
    }

    public EcsClient(AWSCredentials credentials, EcsClientConfig config)
        : base(credentials, config)
    {
    }

    protected override IServiceMetadata ServiceMetadata { get; } = new AwsServiceMetadata(Service.Id);

    public Task<DescribeClustersReply> DescribeClustersAsync(DescribeClustersRequest request, CancellationToken cancellationToken) =>
        AwsJsonClient.CallAsync(
            InvokeAsync<AwsJsonReply>, Service, "DescribeClusters", request, EcsJson.Default.DescribeClustersRequest, EcsJson.Default.DescribeClustersReply, cancellationToken);

    public Task<RunTaskReply> RunTaskAsync(RunTaskRequest request, CancellationToken cancellationToken) =>
        AwsJsonClient.CallAsync(InvokeAsync<AwsJsonReply>, Service, "RunTask", request, EcsJson.Default.RunTaskRequest, EcsJson.Default.RunTaskReply, cancellationToken);

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline) => AwsJsonClient.AddHandlers(pipeline);
}
