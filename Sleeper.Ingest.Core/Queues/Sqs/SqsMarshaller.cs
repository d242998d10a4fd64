using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Sleeper.Ingest.Core.Queues.Sqs;

/// <summary>Puts a call on the wire: protocol AWS JSON 1.0.</summary>
internal sealed class SqsMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    public static SqsMarshaller Instance { get; } = new();

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var call = (SqsRequest)input;
        var request = new DefaultRequest(call, SqsClient.Service) { HttpMethod = "POST", ResourcePath = "/", Content = call.Body };
        request.Headers["X-Amz-Target"] = "AmazonSQS." + call.Operation;
        request.Headers["Content-Type"] = "application/x-amz-json-1.0";
        return request;
    }
}
