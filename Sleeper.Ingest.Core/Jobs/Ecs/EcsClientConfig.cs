using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Sleeper.Ingest.Core.Aws;

namespace Sleeper.Ingest.Core.Jobs.Ecs;

/// <summary>Settings of an <see cref="EcsTaskLauncher"/>'s client: region, endpoint, retries, HTTP, as every client of the AWS SDK has them.</summary>
/// <remarks>Unset, they come from where the SDK looks: <c>AWS_REGION</c>, <c>AWS_ENDPOINT_URL_ECS</c>, <c>AWS_ENDPOINT_URL</c>, profiles, the machine's role.</remarks>
public sealed class EcsClientConfig : ClientConfig, IEndpointProvider
{
    private static readonly DefaultConfiguration Defaults = new() { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard };

    /// <summary>Settings as the environment has them.</summary>
    public EcsClientConfig()
        : base(new DefaultConfigurationProvider([Defaults]))
    {
        ServiceId = EcsClient.Service.Id;
        AuthenticationServiceName = EcsClient.Service.EndpointPrefix;
        EndpointProvider = this;
    }

    /// <inheritdoc/>
    public override string RegionEndpointServiceName => EcsClient.Service.EndpointPrefix;

    /// <inheritdoc/>
    public override string ServiceVersion => "2014-11-13";

    /// <inheritdoc/>
    public override string UserAgent => "sleeper-ingest-core";

    /// <inheritdoc/>
    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => Resolve();

    /// <inheritdoc/>
    Endpoint IEndpointProvider.ResolveEndpoint(EndpointParameters parameters) => Resolve();

    private Endpoint Resolve() => AwsJsonClient.ResolveEndpoint(EcsClient.Service, this);
}
