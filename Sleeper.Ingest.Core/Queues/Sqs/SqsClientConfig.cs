using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Sleeper.Ingest.Core.Aws;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>Settings of a <see cref="SqsClient"/>: region, endpoint, retries, HTTP, as every client of the AWS SDK has them.</summary>
/// <remarks>Unset, they come from where the SDK looks: <c>AWS_REGION</c>, <c>AWS_ENDPOINT_URL_SQS</c>, <c>AWS_ENDPOINT_URL</c>, profiles, the machine's role.</remarks>
public sealed class SqsClientConfig : ClientConfig, IEndpointProvider
{
    private static readonly DefaultConfiguration Defaults = new() { Name = DefaultConfigurationMode.Standard, RetryMode = RequestRetryMode.Standard };

    /// <summary>Settings as the environment has them. A request may take 60 seconds: a long poll takes up to 20.</summary>
    public SqsClientConfig()
        : base(new DefaultConfigurationProvider([Defaults]))
    {
        ServiceId = SqsClient.Service.Id; // makes AWS_ENDPOINT_URL_SQS and the services of profiles count
        AuthenticationServiceName = SqsClient.Service.EndpointPrefix;
        Timeout = TimeSpan.FromSeconds(60);
        EndpointProvider = this;
    }

    /// <inheritdoc/>
    public override string RegionEndpointServiceName => SqsClient.Service.EndpointPrefix;

    /// <inheritdoc/>
    public override string ServiceVersion => "2012-11-05";

    /// <inheritdoc/>
    public override string UserAgent => "sleeper-ingest-core";

    /// <inheritdoc/>
    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => Resolve();

    /// <inheritdoc/>
    Endpoint IEndpointProvider.ResolveEndpoint(EndpointParameters parameters) => Resolve();

    private Endpoint Resolve() => AwsJsonClient.ResolveEndpoint(SqsClient.Service, this);
}
