using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Sleeper.Ingest.Core.Aws;

/// <summary>Puts a call on the wire.</summary>
internal sealed class AwsJsonMarshaller : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    public static AwsJsonMarshaller Instance { get; } = new();

    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var call = (AwsJsonCall)input;
        var request = new DefaultRequest(call, call.Service.Id) { HttpMethod = "POST", ResourcePath = "/", Content = call.Body };
        request.Headers["X-Amz-Target"] = $"{call.Service.TargetPrefix}.{call.Operation}";
        request.Headers["Content-Type"] = $"application/x-amz-json-{call.Service.JsonVersion}";
        return request;
    }
}
