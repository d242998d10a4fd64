using System.Text.Json.Serialization.Metadata;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Sleeper.Ingest.Core.Aws;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>A client of Amazon SQS on the pipeline of the AWS SDK's core, with the few operations that a queue needs. Thread-safe; share one.</summary>
/// <remarks>
/// <para>Credentials, signatures, retries with jitter, clock-skew repair, time limits, HTTP and telemetry are the SDK's. This type only says what a request and
/// a reply look like: the service's JSON protocol (a POST with <c>X-Amz-Target: AmazonSQS.&lt;operation&gt;</c>). Members of requests and replies:
/// <see cref="SqsJson"/>.</para>
/// <para>A send that is repeated because its reply was lost can put a message on a standard queue twice, with two ids; FIFO queues drop the second.</para>
/// </remarks>
public sealed class SqsClient : AmazonServiceClient
{
    internal static readonly AwsJsonService Service = new("SQS", "sqs", "AmazonSQS", "1.0");

    /// <summary>A client with the SDK's own search for credentials.</summary>
    public SqsClient(SqsClientConfig? config = null)
        : base(config ?? new SqsClientConfig())
    {
    }

    /// <summary>A client with given credentials.</summary>
    public SqsClient(AWSCredentials credentials, SqsClientConfig? config = null)
        : base(credentials, config ?? new SqsClientConfig())
    {
    }

    /// <inheritdoc/>
    protected override IServiceMetadata ServiceMetadata { get; } = new AwsServiceMetadata(Service.Id);

    /// <summary>Makes a queue, or finds the one of that name if its attributes are the same.</summary>
    /// <param name="name">Its name; a FIFO queue's ends with <c>.fifo</c>.</param>
    /// <param name="attributes">Attributes by their names in the service's API, such as <c>VisibilityTimeout</c> in seconds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The queue's address.</returns>
    public async Task<string> CreateQueueAsync(string name, IReadOnlyDictionary<string, string>? attributes = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var request = new CreateQueueRequest(name, attributes is null or { Count: 0 } ? null : new Dictionary<string, string>(attributes));
        var reply = await CallAsync("CreateQueue", request, SqsJson.Default.CreateQueueRequest, SqsJson.Default.QueueUrlReply, cancellationToken).ConfigureAwait(false);
        return reply.QueueUrl;
    }

    /// <summary>Finds a queue by its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ownerAccount">The account it belongs to; null for the caller's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The queue's address.</returns>
    public async Task<string> GetQueueUrlAsync(string name, string? ownerAccount = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var request = new GetQueueUrlRequest(name, ownerAccount);
        var reply = await CallAsync("GetQueueUrl", request, SqsJson.Default.GetQueueUrlRequest, SqsJson.Default.QueueUrlReply, cancellationToken).ConfigureAwait(false);
        return reply.QueueUrl;
    }

    /// <summary>A queue's attributes by their names in the service's API.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GetAttributesAsync(string queueUrl, IReadOnlyList<string> names, CancellationToken cancellationToken = default)
    {
        var request = new GetQueueAttributesRequest(queueUrl, names);
        var reply = await CallAsync(
            "GetQueueAttributes", request, SqsJson.Default.GetQueueAttributesRequest, SqsJson.Default.GetQueueAttributesReply, cancellationToken).ConfigureAwait(false);
        return reply.Attributes ?? [];
    }

    internal Task<SendMessageReply> SendAsync(SendMessageRequest request, CancellationToken cancellationToken) =>
        CallAsync("SendMessage", request, SqsJson.Default.SendMessageRequest, SqsJson.Default.SendMessageReply, cancellationToken);

    internal Task<ReceiveMessageReply> ReceiveAsync(ReceiveMessageRequest request, CancellationToken cancellationToken) =>
        CallAsync("ReceiveMessage", request, SqsJson.Default.ReceiveMessageRequest, SqsJson.Default.ReceiveMessageReply, cancellationToken);

    internal Task DeleteAsync(DeleteMessageRequest request, CancellationToken cancellationToken) =>
        CallAsync("DeleteMessage", request, SqsJson.Default.DeleteMessageRequest, cancellationToken);

    internal Task ChangeVisibilityAsync(ChangeMessageVisibilityRequest request, CancellationToken cancellationToken) =>
        CallAsync("ChangeMessageVisibility", request, SqsJson.Default.ChangeMessageVisibilityRequest, cancellationToken);

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        AwsJsonClient.AddHandlers(pipeline);
    }

    private Task<TReply> CallAsync<TRequest, TReply>(
        string operation, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType, CancellationToken cancellationToken) =>
        AwsJsonClient.CallAsync(InvokeAsync<AwsJsonReply>, Service, operation, request, requestType, replyType, cancellationToken);

    private Task<byte[]> CallAsync<TRequest>(string operation, TRequest request, JsonTypeInfo<TRequest> type, CancellationToken cancellationToken) =>
        AwsJsonClient.CallAsync(InvokeAsync<AwsJsonReply>, Service, operation, request, type, cancellationToken);
}
