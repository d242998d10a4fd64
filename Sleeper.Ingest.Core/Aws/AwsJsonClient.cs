using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>
/// What a client needs besides the pipeline of the SDK's core, for services whose own package is not used: credentials, signatures, retries, time limits, HTTP and
/// telemetry stay the SDK's.
/// </summary>
internal static class AwsJsonClient
{
    private const string TryCountKey = "Sleeper.Ingest.Core.TryCount";

    private static readonly InvokeOptions Options = new() { RequestMarshaller = AwsJsonMarshaller.Instance, ResponseUnmarshaller = AwsJsonUnmarshaller.Instance };

    /// <summary>Sends one call through a client's pipeline.</summary>
    public delegate Task<AwsJsonReply> Invoke(AmazonWebServiceRequest call, InvokeOptions options, CancellationToken cancellationToken);

    /// <summary>Adds the handlers that the core leaves to each service: how requests are signed, and where they go; and one that counts tries.</summary>
    public static void AddHandlers(RuntimePipeline pipeline)
    {
        pipeline.AddHandlerAfter<Marshaller>(new AuthHandler());
        pipeline.AddHandlerAfter<Marshaller>(new EndpointHandler());
        pipeline.AddHandlerAfter<RetryHandler>(new TryCounter());
    }

    /// <summary>Calls an operation and reads its reply.</summary>
    /// <exception cref="AmazonServiceException">The service answered with an error.</exception>
    /// <exception cref="AmazonClientException">There is no answer, or it is no reply of the operation.</exception>
    public static async Task<TReply> CallAsync<TRequest, TReply>(
        Invoke invoke,
        AwsJsonService service,
        string operation,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        CancellationToken cancellationToken)
    {
        byte[] body = await CallAsync(invoke, service, operation, request, requestType, cancellationToken).ConfigureAwait(false);
        try
        {
            // Some servers answer with nothing at all where the service has an empty object.
            return JsonSerializer.Deserialize(body.Length == 0 ? "{}"u8 : body, replyType) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new AmazonClientException($"The reply of {operation}, {body.Length} bytes, is not what {service.Id} answers: {e.Message} Check the endpoint.", e);
        }
    }

    /// <summary>Calls an operation whose reply says nothing but that it was done.</summary>
    public static async Task<byte[]> CallAsync<TRequest>(
        Invoke invoke, AwsJsonService service, string operation, TRequest request, JsonTypeInfo<TRequest> type, CancellationToken cancellationToken)
    {
        var call = new AwsJsonCall(service, operation, JsonSerializer.SerializeToUtf8Bytes(request, type));
        try
        {
            var reply = await invoke(call, Options, cancellationToken).ConfigureAwait(false);
            return reply.Body;
        }
        catch (Exception e)
        {
            e.Data[TryCountKey] = call.TryCount;
            throw;
        }
    }

    /// <summary>How often a call was tried that ended with an error.</summary>
    public static int TryCountOf(Exception error) => error.Data[TryCountKey] as int? ?? 0;

    /// <summary>Where a client's settings say that its service is.</summary>
    /// <exception cref="AmazonClientException">They do not say it: the message says what to set.</exception>
    public static Endpoint ResolveEndpoint(AwsJsonService service, ClientConfig config)
    {
        if (!string.IsNullOrEmpty(config.ServiceURL))
        {
            return new Endpoint(config.ServiceURL);
        }

        var region = config.RegionEndpoint
            ?? throw new AmazonClientException($"No region is set for {service.Id}. Set AWS_REGION or the region of the profile, or RegionEndpoint of the client's settings.");
        return config.UseDualstackEndpoint
            ? throw new AmazonClientException($"This client of {service.Id} has no dual-stack endpoints. Set ServiceURL of its settings, or turn UseDualstackEndpoint off.")
            : new Endpoint($"https://{service.EndpointPrefix}{(config.UseFIPSEndpoint ? "-fips" : "")}.{region.SystemName}.{region.PartitionDnsSuffix}");
    }

    private sealed class EndpointHandler : BaseEndpointResolver
    {
        protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
    }

    private sealed class TryCounter : PipelineHandler
    {
        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            ((AwsJsonCall)executionContext.RequestContext.OriginalRequest).TryCount++;
            return base.InvokeAsync<T>(executionContext);
        }
    }

    private sealed class AuthHandler : BaseAuthResolverHandler
    {
        protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
    }
}
